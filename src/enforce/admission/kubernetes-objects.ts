import { createRequire } from 'node:module';

import type * as kubernetes from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';

import { SignedImageError } from '../../error';
import type { Manifest } from './manifest';

/** What an object is besides its apiVersion, kind and metadata: `spec`, `data`, and the like. */
function rest(manifest: Manifest | undefined): Record<string, unknown> {
  const { apiVersion: _apiVersion, kind: _kind, metadata: _metadata, ...members } = manifest ?? {};
  return members;
}

/**
 * Registers objects one after the other, each named by `nameOf`.
 *
 * @param shapes what is known already: how many there are, their kinds, metadata and members
 * @param made the same when all is known
 * @throws SignedImageError `PACKAGE_MISSING` without `@pulumi/kubernetes`
 */
export function createObjects(
  parent: pulumi.ComponentResource,
  shapes: readonly Manifest[],
  made: pulumi.Output<readonly Manifest[]>,
  nameOf: (manifest: Manifest) => string,
): void {
  const { apiextensions, core } = kubernetesPackage(parent);
  let before: pulumi.Resource | undefined;
  shapes.forEach((shape, index) => {
    const { apiVersion, kind, metadata } = shape;
    const members = Object.keys(rest(shape)).map((member) => [
      member,
      made.apply((manifests) => rest(manifests[index])[member]),
    ]);
    const inputs = { apiVersion, kind, metadata, ...Object.fromEntries(members) };
    const opts = { parent, ...(before && { dependsOn: [before] }) };
    // By its own type the provider knows that it holds secrets.
    before =
      kind === 'Secret'
        ? new core.v1.Secret(nameOf(shape), inputs as kubernetes.types.input.core.v1.Secret, opts)
        : new apiextensions.CustomResource(nameOf(shape), inputs, opts);
  });
}

/** Loaded on first use: it is large, and most programs with a signed image bring it anyway. */
function kubernetesPackage(parent: pulumi.ComponentResource): typeof kubernetes {
  try {
    return createRequire(__filename)('@pulumi/kubernetes') as typeof kubernetes;
  } catch (cause) {
    throw new SignedImageError({
      code: 'PACKAGE_MISSING',
      message: `${parent.constructor.name} needs the package @pulumi/kubernetes; run \`npm install @pulumi/kubernetes\``,
      cause,
    });
  }
}
