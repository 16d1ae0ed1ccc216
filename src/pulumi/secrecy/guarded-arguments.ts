import * as pulumi from '@pulumi/pulumi';

import { isSecretReference } from '../../key/shown-reference';
import { PACKAGE_VERSION } from '../package';
import { LIBRARY_VERSION } from '../version-difference';
import {
  isGuarded,
  type Members,
  membersOf,
  RESOURCE_INPUTS,
  type ResourceName,
} from './input-table';
import { UNKNOWN_MEMBERS, unknownMembers } from './unknown-members';
import { isAsync } from './visible-unknown-members';

/**
 * Adds the version of the library, and marks every guarded member of a resource's arguments as secret, whether or not the program marked
 * it. The plugin does the same again, because it also serves programs in other languages.
 */
export function guardedArguments<Args extends object>(resource: ResourceName, args: Args): Args {
  const members = RESOURCE_INPUTS[resource];
  const guarded = guardedObject(args as Readonly<Record<string, unknown>>, members);
  // A component has no inputs of its own: its resources send the version.
  const isSent = resource !== 'SignedImage';
  return { ...guarded, ...(isSent && { [LIBRARY_VERSION]: PACKAGE_VERSION }) } as Args;
}

function guardedObject(
  values: Readonly<Record<string, unknown>>,
  members: Members,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const member = Object.hasOwn(members, name) ? members[name] : undefined;
      if (value === undefined || value === null) return [name, value];
      if (member === 'guarded') return [name, pulumi.secret(value)];
      if (member === 'reference') return [name, secretReference(value)];
      const nested = membersOf(member);
      return [name, nested && hasGuarded(nested) ? guardedNested(value, nested) : value];
    }),
  );
}

/**
 * Converts an object that is an output as a whole to an object of outputs: one secret member must not
 * make the others secret, because secret values would be rejected there.
 */
function guardedNested(value: unknown, members: Members): unknown {
  if (isAsync(value)) {
    const output = pulumi.output(value) as pulumi.Output<Record<string, unknown> | undefined>;
    const lifted = Object.keys(members).map(
      (name) => [name, output.apply((object) => object?.[name])] as const,
    );
    const others = output.apply((object) => unknownMembers(object, members));
    return guardedObject(Object.fromEntries([...lifted, [UNKNOWN_MEMBERS, others]]), members);
  }
  return typeof value === 'object' && !Array.isArray(value)
    ? guardedObject(value as Readonly<Record<string, unknown>>, members)
    : value;
}

function hasGuarded(members: Members): boolean {
  return Object.values(members).some(isGuarded);
}

/** PEM text is the key itself, and a PIN unlocks it; a path or `env://NAME` is only its location. */
function secretReference(ref: unknown): pulumi.Output<unknown> {
  const text = pulumi.output(ref) as pulumi.Output<unknown>;
  return text.apply((value: unknown) =>
    typeof value === 'string' && isSecretReference(value) ? pulumi.secret(value) : text,
  );
}
