import type { ErrorCode, Problem } from '../../../error';
import {
  hasSecret,
  hasUnknown,
  type Properties,
  reveal,
  Secret,
  UNKNOWN,
  type Value,
} from '../protocol/wire-value';

/**
 * Reads declared properties into plain types and tracks the path of each. A value of the wrong type
 * becomes a problem on its path; an unknown value (in a preview) reads as absent and is recorded.
 */
export class InputReader {
  readonly #tree: Value | undefined;
  readonly #path: string;
  readonly #notes: { readonly problems: Problem[]; readonly unknown: Set<string> };

  constructor(
    tree: Value | undefined,
    path = '',
    notes = { problems: [] as Problem[], unknown: new Set<string>() },
  ) {
    this.#tree = tree;
    this.#path = path;
    this.#notes = notes;
  }

  get problems(): readonly Problem[] {
    return this.#notes.problems;
  }

  /** Paths that were read and are not known yet. */
  get unknown(): ReadonlySet<string> {
    return this.#notes.unknown;
  }

  get path(): string {
    return this.#path;
  }

  addProblem(message: string, code: ErrorCode = 'INPUT_INVALID', path = this.#path): void {
    this.#notes.problems.push({ property: path, code, message });
  }

  at(name: string): InputReader {
    const path = this.#path === '' ? name : `${this.#path}.${name}`;
    const tree = unwrap(this.#tree);
    if (tree === UNKNOWN) return this.#child(UNKNOWN, path);
    if (tree === undefined || tree === null) return this.#child(undefined, path);
    if (typeof tree !== 'object' || Array.isArray(tree)) return this.#child(undefined, path);
    return this.#child((tree as Properties)[name], path);
  }

  #child(tree: Value | undefined, path: string): InputReader {
    return new InputReader(tree, path, this.#notes);
  }

  /** Whether a value is set, known or not. */
  get isGiven(): boolean {
    const tree = unwrap(this.#tree);
    return tree !== undefined && tree !== null;
  }

  get isSecret(): boolean {
    return hasSecret(this.#tree);
  }

  get isUnknown(): boolean {
    return hasUnknown(this.#tree);
  }

  #scalar<T>(type: 'string' | 'boolean' | 'number', oneOf: string): T | undefined {
    const tree = unwrap(this.#tree);
    if (tree === undefined || tree === null) return undefined;
    if (tree === UNKNOWN) {
      this.#notes.unknown.add(this.#path);
      return undefined;
    }
    if (typeof tree === type) return tree as T;
    this.addProblem(`must be ${oneOf}`);
    return undefined;
  }

  string(): string | undefined {
    return this.#scalar<string>('string', 'a string');
  }

  boolean(): boolean | undefined {
    return this.#scalar<boolean>('boolean', 'true or false');
  }

  number(): number | undefined {
    return this.#scalar<number>('number', 'a number');
  }

  /** Reads one of the allowed values; the error message lists them. */
  word<T extends string>(words: readonly T[]): T | undefined {
    const text = this.string();
    if (text === undefined || words.includes(text as T)) return text as T | undefined;
    this.addProblem(`must be one of ${words.join(', ')}, not ${JSON.stringify(text)}`);
    return undefined;
  }

  strings(): readonly string[] {
    return this.list().flatMap((member) => member.string() ?? []);
  }

  list(): readonly InputReader[] {
    const tree = unwrap(this.#tree);
    if (tree === undefined || tree === null) return [];
    if (tree === UNKNOWN) {
      this.#notes.unknown.add(this.#path);
      return [];
    }
    if (!Array.isArray(tree)) {
      this.addProblem('must be a list');
      return [];
    }
    return tree.map((member: Value, index) => this.#child(member, `${this.#path}[${index}]`));
  }

  /** Returns the known members of a map of strings. */
  record(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      this.members().flatMap(([name, member]) => {
        const text = member.string();
        return text === undefined ? [] : [[name, text]];
      }),
    );
  }

  members(): readonly (readonly [string, InputReader])[] {
    const tree = unwrap(this.#tree);
    if (tree === undefined || tree === null) return [];
    if (tree === UNKNOWN) {
      this.#notes.unknown.add(this.#path);
      return [];
    }
    if (typeof tree !== 'object' || Array.isArray(tree)) {
      this.addProblem('must be an object');
      return [];
    }
    return Object.keys(tree).map((name) => [name, this.at(name)] as const);
  }

  /** Returns the plain JSON value; `undefined` while any part of it is unknown. */
  json(): unknown {
    if (this.#tree === undefined) return undefined;
    if (hasUnknown(this.#tree)) {
      this.#notes.unknown.add(this.#path);
      return undefined;
    }
    return reveal(this.#tree);
  }

  /** Whether neither this path nor one above it was recorded as unknown. */
  isKnown(path: string): boolean {
    for (const noted of this.#notes.unknown) {
      if (path === noted || path.startsWith(`${noted}.`) || path.startsWith(`${noted}[`))
        return false;
    }
    return true;
  }
}

function unwrap(tree: Value | undefined): Value | undefined {
  return tree instanceof Secret ? unwrap(tree.value) : tree;
}
