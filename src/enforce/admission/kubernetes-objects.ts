import { createRequire } from 'node:module';

import type * as kubernetes from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';

import { InvalidInputError, SignedImageError } from '../../error';
import type { Manifest } from './manifest';

/** Returns the members of an object other than apiVersion, kind and metadata: `spec`, `data`, and so on. */
function rest(manifest: Manifest | undefined): Record<string, unknown> {
  const { apiVersion: _apiVersion, kind: _kind, metadata: _metadata, ...members } = manifest ?? {};
  return members;
}

/** Whether the texts are known when the program runs. */
export const isPlain = (texts: unknown): texts is readonly string[] =>
  Array.isArray(texts) && texts.every((text) => typeof text === 'string');

/** Runs it where only the message of an error is shown, without its code: in an output. */
export function withCodes<Result>(generate: () => Result): Result {
  try {
    return generate();
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const lines = error.problems.map(
      ({ property, message, code }) => `${property}: ${message} [${code}]`,
    );
    throw new Error(lines.join('\n'), { cause: error });
  }
}

/**
 * Registers objects one after the other, each with the name that `nameOf` returns.
 *
 * @param shapes what is known already: the number of objects, their kinds, metadata and members
 * @param manifests the same objects when all inputs are known
 * @throws SignedImageError `PACKAGE_MISSING` without `@pulumi/kubernetes`
 */
export function createObjects(
  parent: pulumi.ComponentResource,
  shapes: readonly Manifest[],
  manifests: pulumi.Output<readonly Manifest[]>,
  nameOf: (manifest: Manifest) => string,
): void {
  const { apiextensions, core } = kubernetesPackage(parent);
  let previous: pulumi.Resource | undefined;
  shapes.forEach((shape, index) => {
    const { apiVersion, kind, metadata } = shape;
    const members = Object.keys(rest(shape)).map((member) => [
      member,
      manifests.apply((manifests) => rest(manifests[index])[member]),
    ]);
    const inputs = { apiVersion, kind, metadata, ...Object.fromEntries(members) };
    const opts = { parent, ...(previous && { dependsOn: [previous] }) };
    // With its own type, the provider treats its data as secret.
    previous =
      kind === 'Secret'
        ? new core.v1.Secret(nameOf(shape), inputs as kubernetes.types.input.core.v1.Secret, opts)
        : new apiextensions.CustomResource(nameOf(shape), inputs, opts);
  });
}

/** Loads the package on first use: it is large, and most programs with a signed image have it anyway. */
function kubernetesPackage(parent: pulumi.ComponentResource): typeof kubernetes {
  try {
    return createRequire(__filename)('@pulumi/kubernetes') as typeof kubernetes;
  } catch (cause) {
    throw new SignedImageError({
      code: 'PACKAGE_MISSING',
      message: `${parent.constructor.name} requires the package @pulumi/kubernetes; run \`npm install @pulumi/kubernetes\``,
      cause,
    });
  }
}
