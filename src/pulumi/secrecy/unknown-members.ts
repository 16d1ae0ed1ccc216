import * as pulumi from '@pulumi/pulumi';

import { unknownName } from '../../error/unknown-name';
import { type Members, membersOf } from './input-table';

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

/** An unknown member, as the errors of Pulumi's SDK name it. */
export interface UnknownMember {
  readonly propertyPath: string;
  readonly reason: string;
}

/** Returns the unknown members at any depth, as far as they are visible: an output has its members later. */
export function visibleUnknownMembers(
  value: unknown,
  members: Members,
  path = '',
): readonly UnknownMember[] {
  if (typeof value !== 'object' || value === null || isAsync(value)) return [];
  if (Array.isArray(value)) {
    return value.flatMap((each, index) =>
      visibleUnknownMembers(each, members, `${path}[${index}]`),
    );
  }
  const within = (name: string): string => {
    if (!/^[A-Za-z_]\w*$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
    return path === '' ? name : `${path}.${name}`;
  };
  const unknown = (unknownMembers(value, members) ?? []).map((name) => ({
    propertyPath: within(name),
    reason: unknownName(name, Object.keys(members)),
  }));
  const nested = Object.entries(members).flatMap(([name, member]) => {
    const inner = membersOf(member);
    const declared = (value as Readonly<Record<string, unknown>>)[name];
    return inner ? visibleUnknownMembers(declared, inner, within(name)) : [];
  });
  return [...unknown, ...nested];
}

/** Whether a value becomes known only later: an output or a promise. */
export function isAsync(value: unknown): boolean {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}
