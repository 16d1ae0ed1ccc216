import { PROVENANCE_PREDICATE_TYPE, SIGNATURE_PREDICATE_TYPE } from '../../attest';
import { PUBLIC_FULCIO_URL, PUBLIC_REKOR_URL, type StoredFormat } from '../../sign';
import { policyControllerGlobs } from './image-pattern';
import type { Manifest } from './manifest';
import type { IdentityConditions } from './signer-pattern';
import {
  type OwnInstance,
  policyMetadata,
  type PolicyManifests,
  rejectClaims,
  type SignerPolicy,
  signerPolicy,
  type SignerPolicyArgs,
  unsupported,
} from './signer-policy';
import type { AuthorityTrust, LogTrust } from './trust-material';
import {
  MAX_REPOSITORY_BYTES,
  TARGETS,
  TRUSTED_ROOT_TARGET,
  tufRepository,
} from './tuf-repository';

const TRUST_ROOT_API = 'policy.sigstore.dev/v1alpha1';

/** A placeholder if the trusted root has no URL: policy-controller requires one and does not call it. */
const PLACEHOLDER_URL = 'https://unnamed.invalid';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/**
 * Creates the TrustRoot for bundles: with a TUF repository inside the object. From `sigstoreKeys`,
 * policy-controller (0.15) derives log ids with which it does not find the log of a bundle.
 * https://docs.sigstore.dev/policy-controller/overview/#configuring-policy-controller-with-a-trustroot
 */
function bundleTrustRoot(name: string, { json }: OwnInstance): Manifest {
  const { root, archive, size } = tufRepository(json);
  if (size > MAX_REPOSITORY_BYTES) {
    throw unsupported(
      'trustedRoot',
      'is too large for a TrustRoot: policy-controller reads about 20 KiB; remove logs and authorities that are no longer used',
    );
  }
  return {
    apiVersion: TRUST_ROOT_API,
    kind: 'TrustRoot',
    metadata: policyMetadata(name, []),
    spec: {
      repository: {
        root: base64(root),
        mirrorFS: archive.toString('base64'),
        targets: TARGETS,
        trustedRootTarget: TRUSTED_ROOT_TARGET,
      },
    },
  };
}

const trustedLog = ({ url, hashAlgorithm, pem }: LogTrust) => ({
  baseURL: url || PLACEHOLDER_URL,
  hashAlgorithm,
  publicKey: base64(pem),
});

const trustedAuthority = ({ url, organization, commonName, chain }: AuthorityTrust) => ({
  subject: { organization, commonName },
  uri: url || PLACEHOLDER_URL,
  certChain: base64(chain),
});

/**
 * Creates the TrustRoot for all other signatures: with the keys of the instance, because there
 * policy-controller does not find logs from a repository; and only with logs that have an ECDSA key,
 * because it does not support others.
 */
function legacyTrustRoot(name: string, { parts }: OwnInstance): Manifest {
  const { authorities, certificateLogs, timestampAuthorities } = parts;
  const logs = parts.logs.filter(({ isEcdsa }) => isEcdsa);
  return {
    apiVersion: TRUST_ROOT_API,
    kind: 'TrustRoot',
    metadata: policyMetadata(name, []),
    spec: {
      sigstoreKeys: {
        certificateAuthorities: authorities.map(trustedAuthority),
        ...(logs.length > 0 && { tLogs: logs.map(trustedLog) }),
        ...(certificateLogs.length > 0 && { ctLogs: certificateLogs.map(trustedLog) }),
        ...(timestampAuthorities.length > 0 && {
          timestampAuthorities: timestampAuthorities.map(trustedAuthority),
        }),
      },
    },
  };
}

const readsBundles = ({ format, identities }: SignerPolicy): boolean =>
  format !== 'legacy' && identities.length > 0;

/** Returns the name of the TrustRoot for a signature format. */
function trustRootName(policy: SignerPolicy, format: StoredFormat): string {
  return format === 'legacy' && readsBundles(policy) ? `${policy.name}-legacy` : policy.name;
}

function trustRoots(policy: SignerPolicy, instance: OwnInstance): readonly Manifest[] {
  const legacy = policy.format === 'legacy' || policy.keys.length > 0;
  const usesTransparency = policy.identities.length > 0 || policy.transparency !== 'none';
  return [
    ...(readsBundles(policy) ? [bundleTrustRoot(trustRootName(policy, 'bundle'), instance)] : []),
    ...(legacy && usesTransparency
      ? [legacyTrustRoot(trustRootName(policy, 'legacy'), instance)]
      : []),
  ];
}

function transparencyOptions(policy: SignerPolicy, format: StoredFormat): object {
  const { instance, transparency } = policy;
  const ref = instance === undefined ? {} : { trustRootRef: trustRootName(policy, format) };
  if (transparency === 'timestamp') return { rfc3161timestamp: ref };
  if (transparency === 'none') return {};
  const url = instance?.parts.logs[0]?.url || (instance ? undefined : PUBLIC_REKOR_URL);
  return { ctlog: { ...(url !== undefined && { url }), ...ref } };
}

function identity({ subject, issuer }: IdentityConditions): object {
  return {
    ...(subject.exact === undefined
      ? { subjectRegExp: subject.pattern }
      : { subject: subject.exact }),
    ...(issuer.exact === undefined ? { issuerRegExp: issuer.pattern } : { issuer: issuer.exact }),
  };
}

function keyless(policy: SignerPolicy, format: StoredFormat): object {
  const { instance, identities } = policy;
  const parts = instance?.parts;
  return {
    url: parts?.authorities[0]?.url || (parts ? PLACEHOLDER_URL : PUBLIC_FULCIO_URL),
    identities: identities.map(identity),
    ...(parts && { trustRootRef: trustRootName(policy, format) }),
    ...(parts?.certificateLogs.length === 0 && { insecureIgnoreSCT: true }),
  };
}

/**
 * Creates a policy in Rego. Not in CUE, which accepts an absent member as the required one.
 */
function rego(condition: string): object {
  return {
    policy: {
      type: 'rego',
      data: `package sigstore\n\ndefault isCompliant = false\n\nisCompliant {\n  ${condition}\n}\n`,
    },
  };
}

const SIGNATURE = { name: 'signature', predicateType: SIGNATURE_PREDICATE_TYPE };

function provenanceAttestation({ provenance }: SignerPolicy): object {
  const builder = provenance?.builderId;
  return {
    name: 'provenance',
    predicateType: PROVENANCE_PREDICATE_TYPE,
    ...(builder !== undefined &&
      rego(`input.predicate.runDetails.builder.id == ${JSON.stringify(builder)}`)),
  };
}

type AttestedPart = 'signature' | 'provenance';

function authoritiesOf(policy: SignerPolicy, part: AttestedPart): readonly object[] {
  const stored = policy.format === 'legacy' ? 'legacy' : 'bundle';
  const attestations = part === 'provenance' && {
    attestations: [provenanceAttestation(policy)],
  };
  const keys = policy.keys.map((pem, index) => ({
    name: `key-${index + 1}`,
    key: { data: pem, hashAlgorithm: 'sha256' },
    ...transparencyOptions(policy, 'legacy'),
    signatureFormat: 'legacy',
    ...attestations,
  }));
  if (policy.identities.length === 0) return keys;
  const inBundles = {
    // policy-controller reads signatures in bundles as attestations only.
    attestations: [part === 'signature' ? SIGNATURE : provenanceAttestation(policy)],
  };
  const identities = {
    name: 'identities',
    keyless: keyless(policy, stored),
    ...transparencyOptions(policy, stored),
    signatureFormat: stored,
    ...(stored === 'bundle' ? inBundles : attestations),
  };
  return [...keys, identities];
}

function check({ format, keys, instance, transparency, action }: SignerPolicy): void {
  if (keys.length > 0 && format === 'bundle') {
    throw unsupported(
      'format',
      'must be "legacy" or "both" with keys: policy-controller (0.15) does not verify bundles signed by a key',
    );
  }
  if (transparency === 'timestamp' && instance === undefined && format !== 'bundle') {
    throw unsupported(
      'trustedRoot',
      'is required for timestamps outside of bundles, with their timestamp authority; set it, or use the transparency "log"',
    );
  }
  const logs = instance === undefined ? [] : instance.parts.logs;
  const other = logs.length > 0 && logs.every(({ isEcdsa }) => !isEcdsa);
  if (other && transparency === 'log' && (format === 'legacy' || keys.length > 0)) {
    throw unsupported(
      'trustedRoot',
      'has no transparency log with an ECDSA key: policy-controller (0.15) does not support other keys outside of bundles',
    );
  }
  if (action === 'Audit')
    throw unsupported(
      'action',
      'must be "Deny" or "Warn": policy-controller does not support "Audit"',
    );
}

function warningsOf({ annotations, namespaces }: SignerPolicy): readonly string[] {
  return [
    ...(Object.keys(annotations).length > 0
      ? ['The annotations are not checked: policy-controller (0.15) does not support them.']
      : []),
    ...(namespaces === undefined
      ? []
      : [
          'The namespaces are not in the policy: policy-controller checks namespaces with the label policy.sigstore.dev/include=true.',
        ]),
  ];
}

/**
 * Generates objects for sigstore's policy-controller (0.15): a `ClusterImagePolicy` for the signature and
 * one for the provenance, because all matching policies must be met; and a `TrustRoot` for a private
 * Sigstore instance.
 * https://docs.sigstore.dev/policy-controller/overview/
 *
 * @throws InvalidInputError with all problems
 */
export function policyControllerPolicy(args: SignerPolicyArgs): PolicyManifests {
  const policy = signerPolicy(args);
  rejectClaims(policy, 'policy-controller');
  check(policy);
  const warnings = warningsOf(policy);
  const { name, instance, provenance } = policy;
  const clusterImagePolicy = (objectName: string, part: AttestedPart): Manifest => ({
    apiVersion: 'policy.sigstore.dev/v1beta1',
    kind: 'ClusterImagePolicy',
    metadata: policyMetadata(objectName, part === 'signature' ? warnings : []),
    spec: {
      mode: policy.action === 'Deny' ? 'enforce' : 'warn',
      images: policyControllerGlobs(policy.images).map((glob) => ({ glob })),
      authorities: authoritiesOf(policy, part),
    },
  });
  return {
    manifests: [
      ...(instance ? trustRoots(policy, instance) : []),
      clusterImagePolicy(name, 'signature'),
      ...(provenance ? [clusterImagePolicy(`${name}-provenance`, 'provenance')] : []),
    ],
    warnings,
  };
}
