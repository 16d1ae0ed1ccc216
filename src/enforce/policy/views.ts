import type { PolicyResource, ResourceValidationArgs } from '@pulumi/policy';

import type { StackResource, ValidatedResource } from './stack-resource';
import { type Properties, UNKNOWN, isObject } from '../workload';

type PolicyInput = Pick<ResourceValidationArgs, 'type' | 'name' | 'urn' | 'props' | 'provider'>;

/** A resource that is about to be made, by its inputs. */
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

/** A resource of the finished stack, by its outputs. */
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
 * What a policy is given throws where a value is not known yet, which would end the whole policy:
 * an unknown label would hide a known image.
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

/** The properties as values, and what only an update will know marked. */
function plainValues(properties: Readonly<Record<string, unknown>>): Properties {
  return Object.fromEntries(
    Object.keys(properties).map((name) => [name, member(properties, name)] as const),
  );
}
