import type { Problem } from '../../../error';
import {
  isGuarded,
  type Members,
  membersOf,
  type Nested,
  type Secrecy,
} from '../../secrecy/input-table';
import { InputReader } from './input-reader';
import { hasUnknown, type Value } from '../protocol/wire-value';

/** The inputs that may be public although they are marked as secret. */
export class Nonsecret {
  readonly paths: ReadonlySet<string>;
  readonly isKnown: boolean;
  readonly problems: readonly Problem[];

  constructor(value: Value | undefined, members: Members) {
    const reader = new InputReader(value, 'nonsecret');
    const entries = reader.list().map((entry) => ({ entry, path: entry.string() }));
    this.isKnown = !hasUnknown(value);
    for (const { entry, path } of entries) {
      const fault = path === undefined ? undefined : pathProblem(path, members);
      if (fault !== undefined) entry.addProblem(fault);
    }
    this.problems = reader.problems;
    this.paths = new Set(entries.flatMap(({ path }) => path ?? []));
  }
}

/** A misspelled path would have no effect, and a guarded input cannot be allowed. */
function pathProblem(path: string, members: Members): string | undefined {
  const names = path.replace(/\[.*$/, '').split('.');
  let member: Secrecy | Nested | undefined;
  let within: Members | undefined = members;
  for (const name of names) {
    // Below a map with names that the caller chose, there is nothing to compare with.
    if (within === undefined) break;
    if (!Object.hasOwn(within, name)) return `${JSON.stringify(path)} is not the path of an input`;
    member = within[name];
    within = membersOf(member);
  }
  return isGuarded(member) ? `${JSON.stringify(path)} is always a secret` : undefined;
}
