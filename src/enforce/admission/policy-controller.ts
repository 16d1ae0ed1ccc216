import { PROVENANCE_PREDICATE_TYPE, SIGNATURE_PREDICATE_TYPE } from '../../attest';
import { PUBLIC_FULCIO_URL, PUBLIC_REKOR_URL, type StoredFormat } from '../../sign';
import { policyControllerGlobs } from './image-pattern';
import type { Manifest } from './manifest';
import type { IdentityMatcher } from './signer-pattern';
import {
  type OwnInstance,
  policyMetadata,
  type PolicyManifests,
  type SignerPolicy,
  signerPolicy,
  type SignerPolicyArgs,
  unsupported,
} from './signer-policy';
import type { AuthorityTrust, LogTrust } from './trust-material';
import { LARGEST_REPOSITORY, TARGETS, TRUSTED_ROOT_TARGET, tufRepository } from './tuf-repository';

const TRUST_ROOT_API = 'policy.sigstore.dev/v1alpha1';

/** A name where the trusted root has none, which policy-controller asks for and does not call. */
const NO_URL = 'https://unnamed.invalid';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/**
 * The instance as bundles are judged by: by a TUF repository inside the object. From `sigstoreKeys`
 * policy-controller (0.15) derives ids of logs by which it finds none for a bundle.
 * https://docs.sigstore.dev/policy-controller/overview/#configuring-policy-controller-with-a-trustroot
 */
function bundleTrustRoot(name: string, { json }: OwnInstance): Manifest {
  const { root, archive, size } = tufRepository(json);
  if (size > LARGEST_REPOSITORY) {
    throw unsupported(
      'trustedRoot',
      'it is too large for a TrustRoot: policy-controller reads some 20 KiB; leave out logs and authorities that are not used any more',
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
  baseURL: url || NO_URL,
  hashAlgorithm,
  publicKey: base64(pem),
});

const trustedAuthority = ({ url, organization, commonName, chain }: AuthorityTrust) => ({
  subject: { organization, commonName },
  uri: url || NO_URL,
  certChain: base64(chain),
});

/**
 * The instance as all else is judged by: by its keys, as there policy-controller finds no log that
 * comes from a repository; and without logs of another kind of key than ECDSA, which it takes none of.
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

/** The TrustRoot that is meant, by the format of what is judged. */
function trustRootName(policy: SignerPolicy, format: StoredFormat): string {
  return format === 'legacy' && readsBundles(policy) ? `${policy.name}-legacy` : policy.name;
}

function trustRoots(policy: SignerPolicy, instance: OwnInstance): readonly Manifest[] {
  const legacy = policy.format === 'legacy' || policy.keys.length > 0;
  const asked = policy.identities.length > 0 || policy.transparency !== 'none';
  return [
    ...(readsBundles(policy) ? [bundleTrustRoot(trustRootName(policy, 'bundle'), instance)] : []),
    ...(legacy && asked ? [legacyTrustRoot(trustRootName(policy, 'legacy'), instance)] : []),
  ];
}

function witnesses(policy: SignerPolicy, format: StoredFormat): object {
  const { instance, transparency } = policy;
  const ref = instance === undefined ? {} : { trustRootRef: trustRootName(policy, format) };
  if (transparency === 'timestamp') return { rfc3161timestamp: ref };
  if (transparency === 'none') return {};
  const url = instance?.parts.logs[0]?.url || (instance ? undefined : PUBLIC_REKOR_URL);
  return { ctlog: { ...(url !== undefined && { url }), ...ref } };
}

function identity({ subject, issuer }: IdentityMatcher): object {
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
    url: parts?.authorities[0]?.url || (parts ? NO_URL : PUBLIC_FULCIO_URL),
    identities: identities.map(identity),
    ...(parts && { trustRootRef: trustRootName(policy, format) }),
    ...(parts?.certificateLogs.length === 0 && { insecureIgnoreSCT: true }),
  };
}

/**
 * A policy in Rego. Not in CUE: there, a member that is absent passes for the one that is asked for.
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

function authoritiesOf(policy: SignerPolicy, look: AttestedPart): readonly object[] {
  const stored = policy.format === 'legacy' ? 'legacy' : 'bundle';
  const attestations = look === 'provenance' && {
    attestations: [provenanceAttestation(policy)],
  };
  const keys = policy.keys.map((pem, index) => ({
    name: `key-${index + 1}`,
    key: { data: pem, hashAlgorithm: 'sha256' },
    ...witnesses(policy, 'legacy'),
    signatureFormat: 'legacy',
    ...attestations,
  }));
  if (policy.identities.length === 0) return keys;
  const inBundles = {
    // Signatures in bundles it reads as attestations only.
    attestations: [look === 'signature' ? SIGNATURE : provenanceAttestation(policy)],
  };
  const identities = {
    name: 'identities',
    keyless: keyless(policy, stored),
    ...witnesses(policy, stored),
    signatureFormat: stored,
    ...(stored === 'bundle' ? inBundles : attestations),
  };
  return [...keys, identities];
}

function check({ format, keys, instance, transparency, action }: SignerPolicy): void {
  if (keys.length > 0 && format === 'bundle') {
    throw unsupported(
      'format',
      'policy-controller reads no bundle that a key has signed (0.15); sign with format "legacy" or "both", or keyless',
    );
  }
  if (transparency === 'timestamp' && instance === undefined && format !== 'bundle') {
    throw unsupported(
      'trustedRoot',
      'timestamps outside of bundles need their authority in a TrustRoot; give `trustedRoot`, or use the transparency "log"',
    );
  }
  const logs = instance === undefined ? [] : instance.parts.logs;
  const other = logs.length > 0 && logs.every(({ isEcdsa }) => !isEcdsa);
  if (other && transparency === 'log' && (format === 'legacy' || keys.length > 0)) {
    throw unsupported(
      'trustedRoot',
      'none of its transparency logs has an ECDSA key, and policy-controller (0.15) takes no other outside of bundles',
    );
  }
  if (action === 'Audit')
    throw unsupported('action', 'policy-controller has no "Audit"; use "Deny" or "Warn"');
}

function warningsOf({ annotations, namespaces }: SignerPolicy): readonly string[] {
  return [
    ...(Object.keys(annotations).length > 0
      ? ['The annotations are not checked: policy-controller (0.15) does not look at them.']
      : []),
    ...(namespaces === undefined
      ? []
      : [
          'The namespaces are not in the policy: policy-controller checks those with the label policy.sigstore.dev/include=true.',
        ]),
  ];
}

/**
 * Objects of sigstore's policy-controller (0.15): `ClusterImagePolicy`, one for the signature and
 * one for the provenance, as all that match must be met; and a `TrustRoot` for an own instance.
 * https://docs.sigstore.dev/policy-controller/overview/
 *
 * @throws InvalidInputError with all that is wrong
 */
export function policyControllerPolicy(args: SignerPolicyArgs): PolicyManifests {
  const policy = signerPolicy(args);
  check(policy);
  const warnings = warningsOf(policy);
  const { name, instance, provenance } = policy;
  const clusterImagePolicy = (objectName: string, look: AttestedPart): Manifest => ({
    apiVersion: 'policy.sigstore.dev/v1beta1',
    kind: 'ClusterImagePolicy',
    metadata: policyMetadata(objectName, look === 'signature' ? warnings : []),
    spec: {
      mode: policy.action === 'Deny' ? 'enforce' : 'warn',
      images: policyControllerGlobs(policy.images).map((glob) => ({ glob })),
      authorities: authoritiesOf(policy, look),
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
