import type { Instruction } from '../dockerfile';
import type { BuiltConfig } from './built-config';
import { parseBoundedJson } from '../../http/json-bounds';

const DEFAULT_SHELL: readonly string[] = ['/bin/sh', '-c'];

/**
 * Describes how the config of a built image differs from the one that BuildKit creates from these
 * instructions, for the known differences of builders. test/oracles/builders compares all builders.
 *
 * @param chain - The instructions of the target, from `stageChain`.
 * @returns the instruction, its result, and the remedy
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
    `EXPOSE became \`${port}\`, which is not a single port with tcp, udp or sctp; write each port of a ` +
    'range separately, and the protocol in lower case'
  );
}

function isPort(text: string): boolean {
  const number = /^(\d+)\/(?:tcp|udp|sctp)$/.exec(text)?.[1];
  return number !== undefined && Number(number) <= 65_535;
}

/** A command in shell form runs in the shell of the preceding SHELL instruction, or in the base image's. */
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
      `${keyword} in shell form became \`${words.slice(0, 2).join(' ')} ...\` although the shell is ` +
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
  // A later SHELL replaces that of the base image in the config.
  return chain.some(({ keyword }) => keyword === 'SHELL') ? DEFAULT_SHELL : built.shell;
}

/** Compared as text, because podman returns the shell without separated words. */
function startsWith(words: readonly string[], shell: readonly string[]): boolean {
  return words.join(' ').startsWith(shell.join(' '));
}

function isExecForm(text: string): boolean {
  return execForm(text) !== undefined;
}

/** Parses the words of `["a", "b"]`; `undefined` for shell form. */
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

/** The classic docker builder inherits omitted options from the previous HEALTHCHECK. */
function checkDifference(chain: readonly Instruction[], built: BuiltConfig): string | undefined {
  const declared = chain.findLast(({ keyword }) => keyword === 'HEALTHCHECK');
  if (declared === undefined || /^NONE\s*$/i.test(declared.text)) return undefined;
  if (Object.keys(built.healthcheck).length === 0)
    return 'HEALTHCHECK was dropped, because the image format does not have a field for it';
  const inherited = Object.entries(CHECK_OPTIONS).find(
    ([field, flag]) =>
      Boolean(built.healthcheck[field]) &&
      !declared.flags.some((each) => each.startsWith(`--${flag}=`)),
  );
  if (inherited === undefined) return undefined;
  return (
    `HEALTHCHECK inherited --${inherited[1]} from the base image's; specify --interval, --timeout, ` +
    '--start-period and --retries'
  );
}

type Platform = Pick<BuiltConfig, 'os' | 'architecture' | 'variant'>;

/** Aliases of architectures: https://github.com/containerd/platforms/blob/main/database.go */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  i386: '386',
  armhf: 'arm',
  armel: 'arm',
};

/** Default variants of architectures, which are often omitted. */
const DEFAULT_VARIANTS: Readonly<Record<string, string>> = {
  arm64: 'v8',
  arm: 'v7',
  amd64: 'v1',
  armel: 'v6',
};

/** The parts of `os/arch[/variant]`, with the default variant and without an alias. */
function partsOf(platform: string): Platform {
  const [os = '', name = '', variant] = platform.split('/');
  const architecture = ARCHITECTURES[name] ?? name;
  const defaultVariant = DEFAULT_VARIANTS[name] ?? DEFAULT_VARIANTS[architecture];
  return { os, architecture, variant: variant ?? defaultVariant };
}

/** Whether two declared platforms are the same: a default variant can be omitted, and architectures have aliases. */
export function isSamePlatform(first: string, second: string): boolean {
  const [a, b] = [partsOf(first), partsOf(second)];
  return a.os === b.os && a.architecture === b.architecture && a.variant === b.variant;
}

/**
 * Describes how the platform of a built image differs from the declared one.
 *
 * @param platform - `os/arch[/variant]`
 * @returns `undefined` if they are equal
 */
export function platformDifference(platform: string, built: Platform): string | undefined {
  const declared = partsOf(platform);
  const isSame =
    declared.os === built.os &&
    declared.architecture === built.architecture &&
    sameVariant(declared.variant, built);
  if (isSame) return undefined;
  const shown = [built.os, built.architecture, built.variant].filter(Boolean).join('/');
  return `an image for ${shown} was built although ${platform} was declared`;
}

/** Not every store returns the variant; a recorded one must match. */
function sameVariant(declared: string | undefined, built: Platform): boolean {
  return declared === undefined || built.variant === undefined || declared === built.variant;
}

/** Returns the platform as a runtime interprets that of an image config: without a variant it is the default one. */
export function withDefaultVariant<Image extends Platform>(image: Image): Image {
  return { ...image, variant: image.variant ?? DEFAULT_VARIANTS[image.architecture] };
}
