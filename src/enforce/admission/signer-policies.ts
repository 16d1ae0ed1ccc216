import { generateKeyPairSync } from 'node:crypto';

import * as pulumi from '@pulumi/pulumi';

import { token } from '../../pulumi/package';
import { type FluxVerificationArgs, type FluxVerify, fluxVerification } from './flux-verification';
import { createObjects, isPlain, withCodes } from './kubernetes-objects';
import { kyvernoClusterPolicy } from './kyverno-cluster-policy';
import { type KyvernoPolicyArgs, kyvernoPolicy } from './kyverno-policy';
import { policyControllerPolicy } from './policy-controller';
import type { PolicyManifests, SignerPolicyArgs } from './signer-policy';

/** Allows outputs of other resources as keys, such as `signer.publicKey` of a signed image. */
type WithOutputs<T extends SignerPolicyArgs> = Omit<T, 'name' | 'keys'> & {
  /** Name prefix of the objects. Default: the name of this resource. */
  readonly name?: string;
  /** Public keys in PEM; a signature by any of the keys and identities is sufficient. */
  readonly keys?: pulumi.Input<readonly pulumi.Input<string>[]>;
};

/** As `SignerPolicyArgs`, with keys that may be outputs. */
export type SignerPolicyResourceArgs = WithOutputs<SignerPolicyArgs>;

/** As `KyvernoPolicyArgs`, with keys that may be outputs. */
export type KyvernoPolicyResourceArgs = WithOutputs<KyvernoPolicyArgs>;

/** As `FluxVerificationArgs`, with keys that may be outputs. */
export type FluxVerificationResourceArgs = WithOutputs<FluxVerificationArgs>;

/** Creates a placeholder for keys that are not known yet, so that all other problems are reported immediately. */
function placeholderKey(): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return publicKey.export({ format: 'pem', type: 'spki' }).toString();
}

/** Registers the objects of a policy, and logs what it does not check. */
function registerObjects<T extends SignerPolicyArgs, M extends PolicyManifests>(
  component: pulumi.ComponentResource,
  name: string,
  args: WithOutputs<T>,
  generate: (args: T) => M,
): M {
  const { keys, ...others } = args;
  const plain = (known: readonly string[] | undefined): T =>
    ({ ...others, name: args.name ?? name, ...(known && { keys: known }) }) as unknown as T;
  const shape = generate(plain(keys === undefined || isPlain(keys) ? keys : [placeholderKey()]));
  for (const warning of shape.warnings) void pulumi.log.warn(warning, component);
  const manifests = pulumi
    .output(keys)
    .apply((known) =>
      withCodes(() => generate(plain(known as readonly string[] | undefined)).manifests),
    );
  createObjects(
    component,
    shape.manifests,
    manifests,
    ({ kind, metadata }) => `${name}-${metadata.name}-${kind}`,
  );
  return shape;
}

/**
 * A Kyverno `ImageValidatingPolicy` that admits only images of these signers.
 * Requires the npm package `@pulumi/kubernetes` beside the plugin.
 */
export class KyvernoPolicy extends pulumi.ComponentResource {
  /** @throws InvalidInputError immediately, with all problems of the inputs that are known already */
  constructor(
    name: string,
    args: KyvernoPolicyResourceArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super(token('KyvernoPolicy'), name, {}, opts);
    registerObjects(this, name, args, kyvernoPolicy);
    this.registerOutputs({});
  }
}

/**
 * A Kyverno `ClusterPolicy` that admits only images of these signers.
 * Requires the npm package `@pulumi/kubernetes` beside the plugin.
 */
export class KyvernoClusterPolicy extends pulumi.ComponentResource {
  /** @throws InvalidInputError immediately, with all problems of the inputs that are known already */
  constructor(
    name: string,
    args: SignerPolicyResourceArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super(token('KyvernoClusterPolicy'), name, {}, opts);
    registerObjects(this, name, args, kyvernoClusterPolicy);
    this.registerOutputs({});
  }
}

/**
 * `ClusterImagePolicy` and `TrustRoot` of policy-controller, which admit only images of these signers.
 * Requires the npm package `@pulumi/kubernetes` beside the plugin.
 */
export class PolicyControllerPolicy extends pulumi.ComponentResource {
  /** @throws InvalidInputError immediately, with all problems of the inputs that are known already */
  constructor(
    name: string,
    args: SignerPolicyResourceArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super(token('PolicyControllerPolicy'), name, {}, opts);
    registerObjects(this, name, args, policyControllerPolicy);
    this.registerOutputs({});
  }
}

/**
 * Flux `OCIRepository` objects and secrets, which accept only artifacts of these signers.
 * Requires the npm package `@pulumi/kubernetes` beside the plugin.
 */
export class FluxVerification extends pulumi.ComponentResource {
  /** `spec.verify`, for an `OCIRepository` or `HelmChart` of your own. */
  readonly verify: FluxVerify;

  /** @throws InvalidInputError immediately, with all problems of the inputs that are known already */
  constructor(
    name: string,
    args: FluxVerificationResourceArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super(token('FluxVerification'), name, {}, opts);
    this.verify = registerObjects(this, name, args, fluxVerification).verify;
    this.registerOutputs({});
  }
}
