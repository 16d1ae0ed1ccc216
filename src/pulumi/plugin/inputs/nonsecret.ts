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

/** The inputs that the caller allows to be public although they are marked as secret. */
export class Nonsecret {
  readonly paths: ReadonlySet<string>;
  readonly isKnown: boolean;
  readonly problems: readonly Problem[];

  constructor(value: Value | undefined, members: Members) {
    const reader = new InputReader(value, 'nonsecret');
    const entries = reader.list().map((entry) => ({ entry, path: entry.string() }));
    this.isKnown = !hasUnknown(value);
    for (const { entry, path } of entries) {
      const fault = path === undefined ? undefined : faultOf(path, members);
      if (fault !== undefined) entry.problem(fault);
    }
    this.problems = reader.problems;
    this.paths = new Set(
      entries.flatMap(({ path }) => (path === undefined ? [] : [path, withoutQuotes(path)])),
    );
  }
}

/** `build.args["A"]` is `build.args.A`: quotes are needed for other names only, and allowed for all. */
function withoutQuotes(path: string): string {
  return path.replaceAll(/\["([A-Za-z_]\w*)"\]/g, '.$1');
}

/** A position, or a name in quotes. */
const SUBSCRIPT = /^\[(?:\d+|"(?:[^"\\]|\\.)*")\]/;

/** A misspelled path would allow nothing, and a guarded one cannot be allowed. */
function faultOf(path: string, members: Members): string | undefined {
  const written = withoutQuotes(path);
  const subscriptAt = written.indexOf('[');
  const names = (subscriptAt < 0 ? written : written.slice(0, subscriptAt)).split('.');
  let member: Secrecy | Nested | undefined;
  let within: Members | undefined = members;
  let inMap = false;
  for (const name of names) {
    // Below a map of the caller's own names there is nothing to compare with.
    inMap = within === undefined;
    if (within === undefined) break;
    if (!Object.hasOwn(within, name)) return `${JSON.stringify(path)} is not the path of an input`;
    member = within[name];
    within = membersOf(member);
  }
  if (subscriptAt >= 0 && !inMap && !SUBSCRIPT.test(written.slice(subscriptAt))) {
    return `${JSON.stringify(path)} is not a path: write a name in brackets in double quotes, as in annotations["example.com/team"]`;
  }
  return isGuarded(member) ? `${JSON.stringify(path)} is always a secret` : undefined;
}
