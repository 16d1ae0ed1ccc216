export type Lookup = (name: string) => string | undefined;

/**
 * Replaces variables and takes quotes off, as FROM does it: `$NAME`, `${NAME}`, `${NAME:-word}`,
 * `${NAME-word}`, `${NAME:+word}`, `${NAME+word}`. An unknown variable is empty.
 *
 * https://docs.docker.com/reference/dockerfile/#environment-replacement
 *
 * @returns `undefined` for a form that is none of these
 */
export function expand(text: string, lookup: Lookup): string | undefined {
  let out = '';
  let quoted = false;
  let at = 0;
  while (at < text.length) {
    const char = text[at] ?? '';
    if (char === "'" && !quoted) {
      const end = text.indexOf("'", at + 1);
      if (end < 0) return undefined;
      out += text.slice(at + 1, end);
      at = end + 1;
    } else if (char === '"') {
      quoted = !quoted;
      at++;
    } else if (char === '\\') {
      out += text[at + 1] ?? '';
      at += 2;
    } else if (char === '$') {
      const variable = readVariable(text, at, lookup);
      if (!variable) return undefined;
      out += variable.value;
      at = variable.end;
    } else {
      out += char;
      at++;
    }
  }
  return quoted ? undefined : out;
}

interface Variable {
  readonly value: string;
  readonly end: number;
}

function readVariable(text: string, at: number, lookup: Lookup): Variable | undefined {
  if (text[at + 1] !== '{') {
    const name = /^[A-Za-z_][A-Za-z0-9_]*/.exec(text.slice(at + 1))?.[0];
    return name
      ? { value: lookup(name) ?? '', end: at + 1 + name.length }
      : { value: '$', end: at + 1 };
  }
  const end = closingBrace(text, at + 2);
  const match = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:?)([-+])([\s\S]*))?$/.exec(text.slice(at + 2, end));
  if (!match) return undefined;
  const [, name = '', colon, operator, word = ''] = match;
  const value = lookup(name);
  const isSet = value !== undefined && !(colon === ':' && value === '');
  const usesWord = operator !== undefined && (operator === '-') !== isSet;
  const chosen = usesWord ? expand(word, lookup) : operator === '+' ? '' : (value ?? '');
  return chosen === undefined ? undefined : { value: chosen, end: end + 1 };
}

/** Of the `${` that was opened before `from`; the text's end where there is none. */
function closingBrace(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text.startsWith('${', at)) depth++;
    if (text[at] === '}' && --depth === 0) return at;
  }
  return text.length;
}
