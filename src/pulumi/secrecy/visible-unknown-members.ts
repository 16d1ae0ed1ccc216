// Apart from unknown-members.ts, which the plugin loads for every image: the SDK takes 60 MB.
import * as pulumi from '@pulumi/pulumi';

import { unknownName } from '../../error/unknown-name';
import { type Members, membersOf } from './input-table';
import { unknownMembers } from './unknown-members';

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
