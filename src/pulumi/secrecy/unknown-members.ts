import type { Members } from './input-table';

/**
 * A member with the names of unknown members. An object that is an output as a whole is converted to an object of
 * outputs, one for each member in the table: the plugin could not report the others without this list.
 */
export const UNKNOWN_MEMBERS = '(unknown members)';

/** Returns the names that are not in the table; `undefined` if there are none, so that no list is sent. */
export function unknownMembers(value: unknown, members: Members): string[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const names = Object.entries(value).flatMap(([name, member]: [string, unknown]) =>
    Object.hasOwn(members, name) || member === undefined || member === null ? [] : [name],
  );
  return names.length > 0 ? names : undefined;
}
