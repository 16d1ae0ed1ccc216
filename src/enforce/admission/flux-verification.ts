import { createHash } from 'node:crypto';

import type { ImagePattern } from './image-pattern';
import { type Manifest, nameFault } from './manifest';
import type { MembersOf } from './policy-members';
import { expressionOf } from './signer-pattern';
import {
  policyMetadata,
  type PolicyManifests,
  rejectClaims,
  type SignerPolicy,
  SIGNER_POLICY_MEMBERS,
  signerPolicy,
  type SignerPolicyArgs,
  unsupported,
} from './signer-policy';

export interface FluxVerificationArgs extends SignerPolicyArgs {
  /** Namespace of the objects. Default: `flux-system`. */
  readonly namespace?: string;
  /** How often Flux checks for a new artifact. Default: `10m`. */
  readonly interval?: string;
}

const MEMBERS: MembersOf<FluxVerificationArgs> = {
  ...SIGNER_POLICY_MEMBERS,
  namespace: 'any',
  interval: 'any',
};

/** `spec.verify` of an `OCIRepository`; also of a `HelmChart`, without a trusted root. */
export interface FluxVerify {
  readonly provider: 'cosign';
  readonly secretRef?: { readonly name: string };
  readonly matchOIDCIdentity?: readonly { readonly issuer: string; readonly subject: string }[];
  readonly trustedRootSecretRef?: { readonly name: string };
}

export interface FluxManifests extends PolicyManifests {
  readonly verify: FluxVerify;
}

function check(policy: SignerPolicy): void {
  const { keys, identities, transparency, instance, action } = policy;
  if (keys.length > 0 && identities.length > 0) {
    throw unsupported(
      'identities',
      'are not checked by Flux if keys are set; use either keys or identities',
    );
  }
  if (identities.length > 0 && transparency === 'timestamp') {
    throw unsupported(
      'transparency',
      'must be "log": Flux requires a transparency log entry for every keyless signature',
    );
  }
  if (identities.length > 0 && instance?.parts.logs.every(({ url }) => url === '')) {
    throw unsupported(
      'trustedRoot',
      'has no transparency log with a `baseUrl`, which Flux requires; create it with `cosign trusted-root create --rekor=url=...`',
    );
  }
  if (action !== 'Deny')
    throw unsupported(
      'action',
      'must be "Deny": Flux does not pull an artifact that does not verify',
    );
  const prefixIndex = policy.images.findIndex(({ isPrefix }) => isPrefix);
  if (prefixIndex >= 0) {
    throw unsupported(
      `images[${prefixIndex}]`,
      'must be a repository without "*": Flux verifies one artifact in each OCIRepository',
    );
  }
}

function warningsOf(policy: SignerPolicy): readonly string[] {
  const { format, annotations, provenance, keys, transparency, instance, namespaces } = policy;
  const unchecked = [
    ...(Object.keys(annotations).length > 0 ? ['annotations'] : []),
    ...(provenance ? ['provenance'] : []),
  ];
  return [
    ...(format === 'bundle'
      ? ['Bundles require Flux source-controller 1.8; older versions do not find their signatures.']
      : []),
    ...(instance !== undefined && keys.length === 0
      ? [
          'A private Sigstore instance requires Flux source-controller 1.9, and is not supported for a HelmChart.',
        ]
      : []),
    ...(unchecked.length > 0
      ? [`Flux does not check the ${unchecked.join(' and the ')}, only the signer.`]
      : []),
    ...(keys.length > 0 && transparency !== 'none'
      ? [`Flux does not require a ${transparency} for signatures by keys.`]
      : []),
    ...(namespaces === undefined
      ? []
      : ['Flux verifies artifacts that it pulls, not workloads: `namespaces` has no effect.']),
  ];
}

/** Uses `data`: `stringData` would differ from the object when it is read back. */
function secret(
  name: string,
  namespace: string,
  files: Readonly<Record<string, string>>,
): Manifest {
  const data = Object.entries(files).map(([file, text]) => [
    file,
    Buffer.from(text).toString('base64'),
  ]);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...policyMetadata(name, []), namespace },
    type: 'Opaque',
    data: Object.fromEntries(data) as Record<string, string>,
  };
}

function verifyOf(policy: SignerPolicy): FluxVerify {
  const { name, keys, identities, instance } = policy;
  if (keys.length > 0) return { provider: 'cosign', secretRef: { name: `${name}-keys` } };
  return {
    provider: 'cosign',
    matchOIDCIdentity: identities.map(({ subject, issuer }) => ({
      issuer: expressionOf(issuer),
      subject: expressionOf(subject),
    })),
    ...(instance && { trustedRootSecretRef: { name: `${name}-trusted-root` } }),
  };
}

/** Source-controller uses the name in labels too, which limits its length. */
const MAX_NAME_LENGTH = 63;

function repositoryName(name: string, { base }: ImagePattern): string {
  return `${name}-${base.slice(base.indexOf('/') + 1).replace(/[^a-z0-9]+/g, '-')}`;
}

/** Appends a hash to names that are too long, or that are equal after the conversion to Kubernetes names. */
function repositoryNames({ name, images }: SignerPolicy): readonly string[] {
  const names = images.map((pattern) => repositoryName(name, pattern));
  return names.map((each, index) => {
    const isTaken = names.some((other, at) => at !== index && other === each);
    if (!isTaken && each.length <= MAX_NAME_LENGTH) return each;
    const hash = createHash('sha256')
      .update(images[index]?.base ?? '')
      .digest('hex');
    return `${each.slice(0, MAX_NAME_LENGTH - 9).replace(/[^a-z0-9]+$/, '')}-${hash.slice(0, 8)}`;
  });
}

/**
 * Generates the objects for verification by Flux's source-controller: an `OCIRepository` for each
 * repository, with the secrets of the keys or the trusted root; and `verify`, for existing objects.
 * https://fluxcd.io/flux/components/source/ocirepositories/#verification
 *
 * @throws InvalidInputError with all problems
 */
export function fluxVerification(args: FluxVerificationArgs): FluxManifests {
  const policy = signerPolicy(args, MEMBERS);
  const { namespace = 'flux-system', interval = '10m' } = args;
  const fault = nameFault(namespace);
  if (fault !== undefined) throw unsupported('namespace', fault);
  if (!/^(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h))+$/.test(interval))
    throw unsupported('interval', 'must be a duration such as "10m" or "1h30m"');
  rejectClaims(policy, 'Flux');
  check(policy);
  const warnings = warningsOf(policy);
  const verify = verifyOf(policy);
  const keys = Object.fromEntries(
    policy.keys.map((pem, index) => [`key-${index + 1}.pub`, pem] as const),
  );
  const { secretRef, trustedRootSecretRef } = verify;
  const secrets = [
    ...(secretRef ? [secret(secretRef.name, namespace, keys)] : []),
    ...(trustedRootSecretRef && policy.instance
      ? [
          secret(trustedRootSecretRef.name, namespace, {
            'trusted_root.json': policy.instance.json,
          }),
        ]
      : []),
  ];
  const names = repositoryNames(policy);
  const repositories = policy.images.map((pattern, index) => ({
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    kind: 'OCIRepository',
    metadata: { ...policyMetadata(names[index] ?? policy.name, warnings), namespace },
    spec: { interval, url: `oci://${pattern.base}`, verify },
  }));
  return { manifests: [...secrets, ...repositories], verify, warnings };
}
