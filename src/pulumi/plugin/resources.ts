import type { CrudResource } from './crud-resource';
import type { PluginEnvironment } from './environment';
import { createImageBuild } from './image-build';
import { createImageSignature } from './image-signature';
import { createSigningPlan } from './signing-plan';
import { createVerifiedImage } from './verified-image';

/** The custom resources that this plugin serves. */
export function createResources(environment: PluginEnvironment): readonly CrudResource[] {
  return [
    createSigningPlan(environment),
    createImageBuild(environment),
    createImageSignature(environment),
    createVerifiedImage(environment),
  ];
}
