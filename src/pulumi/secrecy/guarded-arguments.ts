import * as pulumi from '@pulumi/pulumi';

import { isSecretReference } from '../../key/shown-reference';
import {
  isGuarded,
  type Members,
  membersOf,
  RESOURCE_INPUTS,
  type ResourceName,
} from './input-table';

/**
 * The arguments of a resource with every guarded member marked as secret, whether or not the program
 * marked it. The plugin does the same again: it also serves programs in other languages.
 */
export function guardedArguments<Args extends object>(resource: ResourceName, args: Args): Args {
  return guardedObject(
    args as Readonly<Record<string, unknown>>,
    RESOURCE_INPUTS[resource],
  ) as Args;
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
      return [name, nested && holdsGuarded(nested) ? guardedNested(value, nested) : value];
    }),
  );
}

/**
 * An object that is an output as a whole becomes an object of outputs: one secret member must not
 * make the others secret, which are refused as secrets.
 */
function guardedNested(value: unknown, members: Members): unknown {
  if (isEventual(value)) {
    const whole = pulumi.output(value) as pulumi.Output<Record<string, unknown> | undefined>;
    const lifted = Object.keys(members).map(
      (name) => [name, whole.apply((object) => object?.[name])] as const,
    );
    return guardedObject(Object.fromEntries(lifted), members);
  }
  return typeof value === 'object' && !Array.isArray(value)
    ? guardedObject(value as Readonly<Record<string, unknown>>, members)
    : value;
}

function holdsGuarded(members: Members): boolean {
  return Object.values(members).some(isGuarded);
}

/** Whether what it is becomes known only later. */
export function isEventual(value: unknown): boolean {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

/** PEM text is the key itself, and a PIN opens it; a path or `env://NAME` only says where it is. */
function secretReference(ref: unknown): pulumi.Output<unknown> {
  const text = pulumi.output(ref) as pulumi.Output<unknown>;
  return text.apply((value: unknown) =>
    typeof value === 'string' && isSecretReference(value) ? pulumi.secret(value) : text,
  );
}
