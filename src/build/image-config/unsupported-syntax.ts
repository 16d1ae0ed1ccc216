import { type Instruction, parseInstructions } from '../dockerfile';
import { stageChain } from './stage-chain';

/** The inputs that determine how a builder without BuildKit parses a Dockerfile. */
export interface DockerfileReading {
  readonly dockerfile: string;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string | undefined;
}

/**
 * Describes syntax that the classic docker builder accepts but interprets differently from BuildKit, so
 * that the image would differ without an error.
 */
export function unsupportedByClassicDocker(reading: DockerfileReading): string | undefined {
  return platformArgument(reading) ?? undeclaredProxy(reading);
}

/** The same for podman and buildah. */
export function unsupportedByImagebuilder(reading: DockerfileReading): string | undefined {
  const { escape } = parseInstructions(reading.dockerfile);
  if (escape !== '\\')
    return `it applies \`# escape=${escape}\` to line continuations only; remove the directive`;
  return specialParameter(reading) ?? undeclaredProxy(reading);
}

/**
 * BuildKit's lexer parses `$$`, `$@` and similar as special parameters of the shell, which are empty;
 * imagebuilder, the parser of podman and buildah, keeps the text.
 *
 * https://github.com/moby/buildkit/blob/v0.26.3/frontend/dockerfile/shell/lex.go (isSpecialParam)
 */
function specialParameter({ dockerfile, args, target }: DockerfileReading): string | undefined {
  for (const { keyword, text } of stageChain(dockerfile, args, target)) {
    if (!EXPANDED.has(keyword)) continue;
    // Skips escaped characters, and text in single quotes outside of double quotes.
    const plain = text.replace(/\\.|"(?:\\.|[^"\\])*"|'[^']*'/gs, (part) =>
      part.startsWith('"') ? part.replace(/\\./gs, '') : '',
    );
    const parameter = /\$[@*#?$!-]/.exec(plain)?.[0];
    if (parameter !== undefined)
      return `it keeps \`${parameter}\` in ${keyword}, which BuildKit leaves empty; write \`\\${parameter}\``;
  }
  return undefined;
}

const PLATFORM_ARGUMENT = /^(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT)$/;

/** https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope */
function platformArgument({ dockerfile, args }: DockerfileReading): string | undefined {
  // Checked in every stage: files that one stage compiles for `TARGETARCH` are copied to another.
  const name = parseInstructions(dockerfile)
    .instructions.filter(({ keyword }) => keyword === 'ARG')
    .flatMap(({ text }) => text.split(/\s+/))
    .find((word) => PLATFORM_ARGUMENT.test(word) && !Object.hasOwn(args, word));
  if (name === undefined) return undefined;
  return `it leaves \`ARG ${name}\` empty; declare build.args.${name}`;
}

/** https://docs.docker.com/reference/dockerfile/#predefined-args */
const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap(
  (name) => [name, name.toLowerCase()],
);

/** Instructions whose values become part of the config. */
const EXPANDED = new Set(['ENV', 'LABEL', 'EXPOSE', 'USER', 'WORKDIR', 'VOLUME', 'STOPSIGNAL']);

/** BuildKit passes predefined arguments only to RUN; the others expand them, and they may contain credentials. */
function undeclaredProxy({ dockerfile, args, target }: DockerfileReading): string | undefined {
  const chain = stageChain(dockerfile, args, target);
  for (const name of PROXIES.filter((each) => Object.hasOwn(args, each))) {
    if (isDeclared(chain, name)) continue;
    const use = new RegExp(`\\$(?:${name}\\b|\\{${name}\\b)`);
    const found = chain.find(({ keyword, text }) => EXPANDED.has(keyword) && use.test(text));
    if (found !== undefined)
      return `it puts build.args.${name} into ${found.keyword}, where BuildKit leaves it empty; add \`ARG ${name}\` before it if this is intended`;
  }
  return undefined;
}

function isDeclared(chain: readonly Instruction[], name: string): boolean {
  return chain.some(
    ({ keyword, text }) =>
      ['ARG', 'ENV'].includes(keyword) && new RegExp(`(?:^|\\s)${name}(?:[=\\s]|$)`).test(text),
  );
}
