import type { Instruction } from '../dockerfile';
import type { BuiltConfig } from './built-config';
import { parseBoundedJson } from '../../http/json-bounds';

const DEFAULT_SHELL: readonly string[] = ['/bin/sh', '-c'];

/**
 * In what the config of a built image differs from what BuildKit makes of these instructions, as far
 * as builders are known to differ. Compared with all builders by test/oracles/builders.
 *
 * @param chain - The instructions of the target, from `stageChain`.
 * @returns the instruction, what became of it, and what to write instead
 */
export function configDifference(
  chain: readonly Instruction[],
  built: BuiltConfig,
): string | undefined {
  return (
    portDifference(chain, built) ?? shellDifference(chain, built) ?? checkDifference(chain, built)
  );
}

/** https://docs.docker.com/reference/dockerfile/#expose */
function portDifference(chain: readonly Instruction[], built: BuiltConfig): string | undefined {
  if (!chain.some(({ keyword }) => keyword === 'EXPOSE')) return undefined;
  const port = built.exposedPorts.find((each) => !isPort(each));
  if (port === undefined) return undefined;
  return (
    `EXPOSE became \`${port}\`, which is not one port with tcp, udp or sctp; write each port of a ` +
    'range by itself, and the protocol in lower case'
  );
}

function isPort(text: string): boolean {
  const number = /^(\d+)\/(?:tcp|udp|sctp)$/.exec(text)?.[1];
  return number !== undefined && Number(number) <= 65_535;
}

/** A command in shell form runs in the shell that SHELL named before it, or in the base image's. */
function shellDifference(chain: readonly Instruction[], built: BuiltConfig): string | undefined {
  for (const [keyword, words] of [
    ['ENTRYPOINT', built.entrypoint],
    ['CMD', built.cmd],
  ] as const) {
    const at = chain.findLastIndex((each) => each.keyword === keyword);
    const instruction = chain[at];
    if (instruction === undefined || words.length === 0 || isExecForm(instruction.text)) continue;
    const shell = shellAt(chain, at, built);
    if (shell === undefined || shell.length === 0 || startsWith(words, shell)) continue;
    return (
      `${keyword} in shell form became \`${words.slice(0, 2).join(' ')} ...\` though the shell is ` +
      `\`${shell.join(' ')}\`; write ${keyword} in exec form: ` +
      `${keyword} ${JSON.stringify([...shell, '...'])}`
    );
  }
  return undefined;
}

function shellAt(
  chain: readonly Instruction[],
  at: number,
  built: BuiltConfig,
): readonly string[] | undefined {
  const declared = chain.slice(0, at).findLast(({ keyword }) => keyword === 'SHELL');
  if (declared !== undefined) return execForm(declared.text);
  // A later SHELL hides that of the base image.
  return chain.some(({ keyword }) => keyword === 'SHELL') ? DEFAULT_SHELL : built.shell;
}

/** The shell may have lost the bounds of its words: podman returns it as text only. */
function startsWith(words: readonly string[], shell: readonly string[]): boolean {
  return words.join(' ').startsWith(shell.join(' '));
}

function isExecForm(text: string): boolean {
  return execForm(text) !== undefined;
}

/** The words of `["a", "b"]`; `undefined` for anything else, which is shell form. */
function execForm(text: string): readonly string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const words = parseBoundedJson(text);
    return Array.isArray(words) && words.every((word) => typeof word === 'string')
      ? words
      : undefined;
  } catch {
    return undefined;
  }
}

const CHECK_OPTIONS: Readonly<Record<string, string>> = {
  Interval: 'interval',
  Timeout: 'timeout',
  StartPeriod: 'start-period',
  Retries: 'retries',
};

/** The classic docker builder takes options that were left out from the HEALTHCHECK before. */
function checkDifference(chain: readonly Instruction[], built: BuiltConfig): string | undefined {
  const declared = chain.findLast(({ keyword }) => keyword === 'HEALTHCHECK');
  if (declared === undefined || /^NONE\s*$/i.test(declared.text)) return undefined;
  if (Object.keys(built.healthcheck).length === 0)
    return 'HEALTHCHECK was dropped, because the image format has no field for it';
  const inherited = Object.entries(CHECK_OPTIONS).find(
    ([field, flag]) =>
      Boolean(built.healthcheck[field]) &&
      !declared.flags.some((each) => each.startsWith(`--${flag}=`)),
  );
  if (inherited === undefined) return undefined;
  return (
    `HEALTHCHECK took --${inherited[1]} from the base image's; state --interval, --timeout, ` +
    '--start-period and --retries'
  );
}

/** https://github.com/containerd/platforms/blob/main/database.go: names of the same architecture. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  i386: '386',
  armhf: 'arm',
  armel: 'arm',
};

/** Variants that are the architecture's own, and therefore often left out. */
const DEFAULT_VARIANTS: Readonly<Record<string, string>> = { arm64: 'v8', arm: 'v7', amd64: 'v1' };

/**
 * Whether a built image is for another platform than the declared one.
 *
 * @param platform - `os/arch[/variant]`
 * @returns what was built instead
 */
export function platformDifference(platform: string, built: BuiltConfig): string | undefined {
  const [os = '', name = '', variant] = platform.split('/');
  const architecture = ARCHITECTURES[name] ?? name;
  const isSame =
    os === built.os &&
    architecture === built.architecture &&
    sameVariant(variant ?? DEFAULT_VARIANTS[architecture], built);
  if (isSame) return undefined;
  const shown = [built.os, built.architecture, built.variant].filter(Boolean).join('/');
  return `an image for ${shown} was built though ${platform} was declared`;
}

/** Not every builder records a variant; one that is recorded must be the right one. */
function sameVariant(declared: string | undefined, built: BuiltConfig): boolean {
  return declared === undefined || built.variant === undefined || declared === built.variant;
}
