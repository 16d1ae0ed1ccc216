import { PROVENANCE_PREDICATE_TYPE, SIGNATURE_PREDICATE_TYPE } from '../../attest';
import { PUBLIC_FULCIO_URL, PUBLIC_REKOR_URL } from '../../sign';
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

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const trustedLog = ({ url, hashAlgorithm, pem }: LogTrust, fallback: string) => ({
  baseURL: url || fallback,
  hashAlgorithm,
  publicKey: base64(pem),
});

const trustedAuthority = (
  { url, organization, commonName, chain }: AuthorityTrust,
  fallback: string,
) => ({
  subject: { organization, commonName },
  uri: url || fallback,
  certChain: base64(chain),
});

/** A name where the trusted root has none, which policy-controller asks for and does not call. */
const NO_URL = 'https://unnamed.invalid';

/** https://docs.sigstore.dev/policy-controller/overview/#configuring-policy-controller-with-a-trustroot */
function trustRoot(policy: SignerPolicy, { parts }: OwnInstance): Manifest {
  const { authorities, logs, certificateLogs, timestampAuthorities } = parts;
  return {
    apiVersion: 'policy.sigstore.dev/v1alpha1',
    kind: 'TrustRoot',
    metadata: policyMetadata(policy.name, []),
    spec: {
      sigstoreKeys: {
        certificateAuthorities: authorities.map((each) => trustedAuthority(each, NO_URL)),
        ...(logs.length > 0 && { tLogs: logs.map((each) => trustedLog(each, NO_URL)) }),
        ...(certificateLogs.length > 0 && {
          ctLogs: certificateLogs.map((each) => trustedLog(each, NO_URL)),
        }),
        ...(timestampAuthorities.length > 0 && {
          timestampAuthorities: timestampAuthorities.map((each) => trustedAuthority(each, NO_URL)),
        }),
      },
    },
  };
}

function witnesses({ name, instance, transparency }: SignerPolicy): object {
  const ref = instance === undefined ? {} : { trustRootRef: name };
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

function keyless({ name, instance, identities }: SignerPolicy): object {
  const parts = instance?.parts;
  return {
    url: parts?.authorities[0]?.url || (parts ? NO_URL : PUBLIC_FULCIO_URL),
    identities: identities.map(identity),
    ...(parts && { trustRootRef: name }),
    ...(parts?.certificateLogs.length === 0 && { insecureIgnoreSCT: true }),
  };
}

/**
 * A policy in Rego that asks for all conditions at once. Not in CUE: there, a member that is absent
 * passes for the one that is asked for.
 */
function rego(conditions: readonly string[]): object {
  const lines = conditions.map((condition) => `  ${condition}`).join('\n');
  return {
    policy: {
      type: 'rego',
      data: `package sigstore\n\ndefault isCompliant = false\n\nisCompliant {\n${lines}\n}\n`,
    },
  };
}

function signatureAttestation({ annotations }: SignerPolicy): object {
  const conditions = Object.entries(annotations).map(
    ([key, value]) =>
      `input.subject[i].annotations[${JSON.stringify(key)}] == ${JSON.stringify(value)}`,
  );
  return {
    name: 'signature',
    predicateType: SIGNATURE_PREDICATE_TYPE,
    ...(conditions.length > 0 && rego(['some i', ...conditions])),
  };
}

function provenanceAttestation({ provenance }: SignerPolicy): object {
  const builder = provenance?.builderId;
  return {
    name: 'provenance',
    predicateType: PROVENANCE_PREDICATE_TYPE,
    ...(builder !== undefined &&
      rego([`input.predicate.runDetails.builder.id == ${JSON.stringify(builder)}`])),
  };
}

type Look = 'signature' | 'provenance';

function authoritiesOf(policy: SignerPolicy, look: Look): readonly object[] {
  const bundle = policy.format !== 'legacy';
  const attestations = look === 'provenance' && {
    attestations: [provenanceAttestation(policy)],
  };
  const keys = policy.keys.map((pem, index) => ({
    name: `key-${index + 1}`,
    key: { data: pem, hashAlgorithm: 'sha256' },
    ...witnesses(policy),
    signatureFormat: 'legacy',
    ...attestations,
  }));
  if (policy.identities.length === 0) return keys;
  const inBundles = {
    // Signatures in bundles it reads as attestations only.
    attestations:
      look === 'signature' ? [signatureAttestation(policy)] : [provenanceAttestation(policy)],
  };
  const identities = {
    name: 'identities',
    keyless: keyless(policy),
    ...witnesses(policy),
    signatureFormat: bundle ? 'bundle' : 'legacy',
    ...(bundle ? inBundles : attestations),
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
  if (action === 'Audit')
    throw unsupported('action', 'policy-controller has no "Audit"; use "Deny" or "Warn"');
}

function warningsOf(policy: SignerPolicy): readonly string[] {
  const { format, keys, annotations, namespaces } = policy;
  return [
    ...((format === 'legacy' || keys.length > 0) && Object.keys(annotations).length > 0
      ? [
          `The annotations of ${format === 'legacy' ? 'signatures' : 'signatures by keys'} are not checked: policy-controller does not look at them in the format "legacy". Sign keyless with the format "bundle".`,
        ]
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
  const clusterImagePolicy = (objectName: string, look: Look): Manifest => ({
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
      ...(instance ? [trustRoot(policy, instance)] : []),
      clusterImagePolicy(name, 'signature'),
      ...(provenance ? [clusterImagePolicy(`${name}-provenance`, 'provenance')] : []),
    ],
    warnings,
  };
}
