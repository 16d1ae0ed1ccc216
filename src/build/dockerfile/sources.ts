import type { Instruction } from './instructions';
import { lex, WordError } from './lexer';

/** A source of files of an instruction. */
export type Source =
  /** A stage by its number. */
  | { readonly kind: 'number'; readonly number: number }
  /** A stage by its name, or an image. */
  | { readonly kind: 'name'; readonly name: string }
  /** Text that builders reject or interpret differently. */
  | { readonly kind: 'unread'; readonly text: string };

/** Returns the value of the first flag of this name: BuildKit rejects a second one. */
function flagValue(flags: readonly string[], name: string): string | undefined {
  return flags.find((flag) => flag.startsWith(`--${name}=`))?.slice(name.length + 3);
}

/**
 * Returns the stages and images that an instruction copies from or mounts, in order: `COPY --from` and
 * `RUN --mount=...,from=`. Variables are not expanded in these.
 */
export function sourcesOf({ keyword, flags }: Instruction, escape: string): readonly Source[] {
  if (keyword === 'COPY') {
    const from = flagValue(flags, 'from');
    return from === undefined || from === '' ? [] : [copySource(from, escape)];
  }
  if (keyword !== 'RUN') return [];
  return flags
    .filter((flag) => flag.startsWith('--mount='))
    .map((flag) => mountSource(flag.slice('--mount='.length)));
}

function copySource(from: string, escape: string): Source {
  if (isPlain(from, escape)) {
    // Like Go's `strconv.Atoi`.
    return /^[+-]?[0-9]+$/.test(from)
      ? { kind: 'number', number: Number(from) }
      : { kind: 'name', name: from };
  }
  return { kind: 'unread', text: from };
}

function isPlain(text: string, escape: string): boolean {
  try {
    return lex(text, () => undefined, { escape }).text === text;
  } catch (error) {
    if (error instanceof WordError) return false;
    throw error;
  }
}

/** A mount without `from` is not an image: the context, a cache, a secret. */
const NOTHING: Source = { kind: 'name', name: 'scratch' };

function mountSource(mount: string): Source {
  const fields = csvFields(mount);
  if (fields === undefined) return { kind: 'unread', text: mount };
  let name = '';
  for (const field of fields) {
    const at = field.indexOf('=');
    if (at < 0 || field.slice(0, at).toLowerCase() !== 'from') continue;
    name = field.slice(at + 1);
    const dollar = name.indexOf('$');
    if (dollar >= 0 && dollar < name.length - 1) return { kind: 'unread', text: name };
  }
  return name === '' ? NOTHING : { kind: 'name', name };
}

/** Parses the fields of a CSV line, with doubled quotes inside of quotes. RFC 4180, section 2. */
function csvFields(line: string): readonly string[] | undefined {
  const fields: string[] = [];
  let rest = line;
  for (;;) {
    const match = /^(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/.exec(rest);
    if (!match) return undefined;
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] !== ',') return fields;
    rest = rest.slice(match[0].length);
  }
}
