import type { PolicyResource, ResourceValidationArgs } from '@pulumi/policy';

import { plainValues } from './plain-values';
import type { SeenResource, StackResource } from './stack-resource';

type Seen = Pick<ResourceValidationArgs, 'type' | 'name' | 'urn' | 'props' | 'provider'>;

/** A resource that is about to be made, by its inputs. */
export function seenResource({ type, name, urn, props, provider }: Seen): SeenResource {
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
    ...seenResource(resource),
    isFinished: true,
    ...(parent && { parent: parent.urn }),
    dependencies: dependencies.map(urnOf),
    propertyDependencies: Object.fromEntries(
      Object.entries(propertyDependencies).map(([name, list]) => [name, list.map(urnOf)]),
    ),
  };
}
