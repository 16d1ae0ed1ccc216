import type { PolicyResource, ResourceValidationArgs } from '@pulumi/policy';

import type { StackResource, ValidatedResource } from './stack-resource';
import { type Properties, UNKNOWN, isObject } from '../workload';

type PolicyInput = Pick<ResourceValidationArgs, 'type' | 'name' | 'urn' | 'props' | 'provider'>;

/** Converts a resource that is about to be created, with its inputs. */
export function validatedResource({
  type,
  name,
  urn,
  props,
  provider,
}: PolicyInput): ValidatedResource {
  return {
    type,
    name,
    urn,
    properties: plainValues(props),
    ...(provider && { provider: provider.type }),
  };
}

const urnOf = ({ urn }: PolicyResource): string => urn;

/** Converts a resource of the finished stack, with its outputs. */
export function stackResource(resource: PolicyResource): StackResource {
  const { parent, dependencies, propertyDependencies } = resource;
  return {
    ...validatedResource(resource),
    isFinished: true,
    ...(parent && { parent: parent.urn }),
    dependencies: dependencies.map(urnOf),
    propertyDependencies: Object.fromEntries(
      Object.entries(propertyDependencies).map(([name, list]) => [name, list.map(urnOf)]),
    ),
  };
}

/**
 * The properties that a policy receives throw on access to a value that is not known yet. That would
 * abort the policy: an unknown label would hide a known image.
 */
function isUnknownValue(error: unknown): boolean {
  return error instanceof Error && 'unknownTypeSentinel' in error;
}

function member(object: Readonly<Record<string, unknown>>, name: string): unknown {
  try {
    return plain(object[name]);
  } catch (error) {
    if (isUnknownValue(error)) return UNKNOWN;
    throw error;
  }
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) {
    return Array.from({ length: value.length }, (_, index) =>
      member(value as unknown as Readonly<Record<string, unknown>>, String(index)),
    );
  }
  return isObject(value) ? plainValues(value) : value;
}

/** Converts properties to plain values, with `UNKNOWN` for values that are known only in the update. */
function plainValues(properties: Readonly<Record<string, unknown>>): Properties {
  return Object.fromEntries(
    Object.keys(properties).map((name) => [name, member(properties, name)] as const),
  );
}
