// Does not import Pulumi, so that the command line can use it.
export { digestPolicy, type DigestPolicyArgs } from './digest-policy';
export {
  type FluxManifests,
  fluxVerification,
  type FluxVerificationArgs,
  type FluxVerify,
} from './flux-verification';
export { kyvernoClusterPolicy } from './kyverno-cluster-policy';
export { kyvernoPolicy, type KyvernoPolicyArgs } from './kyverno-policy';
export type { KyvernoTuf } from './kyverno-tuf';
export type { Manifest } from './manifest';
export { policyControllerPolicy } from './policy-controller';
export type { PolicyIdentity } from './signer-pattern';
export type { PolicyManifests, PolicyProvenance, SignerPolicyArgs } from './signer-policy';
export { yamlOf } from './manifest';
