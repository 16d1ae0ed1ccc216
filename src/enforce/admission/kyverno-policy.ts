import { PROVENANCE_PREDICATE_TYPE, SIGNATURE_PREDICATE_TYPE } from '../../attest';
import { PUBLIC_REKOR_URL } from '../../sign';
import { celString } from './cel';
import { kyvernoGlobs } from './image-pattern';
import { namespaceSelector } from './namespace-selector';
import type { IdentityMatcher } from './signer-pattern';
import {
  policyMetadata,
  type PolicyManifests,
  type SignerPolicy,
  signerPolicy,
  type SignerPolicyArgs,
  unsupported,
} from './signer-policy';

const IMAGES = 'images.containers + images.initContainers + images.ephemeralContainers';

interface Attestor {
  readonly name: string;
  readonly cosign: object;
}

/** The first of what may be several: a policy takes one key of each log. */
function ctlog(policy: SignerPolicy, keyless: boolean): object {
  const { instance, transparency } = policy;
  const { logs = [], certificateLogs = [], timestampAuthorities = [] } = instance?.parts ?? {};
  const noCertificateLog = !keyless || (instance !== undefined && certificateLogs.length === 0);
  const certificateLog = keyless ? certificateLogs[0] : undefined;
  const common = {
    ...(noCertificateLog && { insecureIgnoreSCT: true }),
    ...(certificateLog && { ctLogPubKey: certificateLog.pem }),
  };
  if (transparency === 'log') {
    const [log] = logs;
    return { url: log?.url || PUBLIC_REKOR_URL, ...(log && { rekorPubKey: log.pem }), ...common };
  }
  const [authority] = transparency === 'timestamp' && keyless ? timestampAuthorities : [];
  return {
    insecureIgnoreTlog: true,
    ...(authority && { tsaCertChain: authority.chain }),
    ...common,
  };
}

function identity({ subject, issuer }: IdentityMatcher): object {
  return {
    ...(subject.exact === undefined
      ? { subjectRegExp: subject.pattern }
      : { subject: subject.exact }),
    ...(issuer.exact === undefined ? { issuerRegExp: issuer.pattern } : { issuer: issuer.exact }),
  };
}

function attestorsOf(policy: SignerPolicy): readonly Attestor[] {
  const { instance } = policy;
  const trustedRoot = instance && { trustedRoot: { value: instance.json } };
  const keys = policy.keys.map((pem, index) => ({
    name: `key${index + 1}`,
    cosign: {
      key: { data: pem, hashAlgorithm: 'sha256' },
      ctlog: ctlog(policy, false),
      ...trustedRoot,
    },
  }));
  if (policy.identities.length === 0) return keys;
  const roots = instance?.parts.authorities.map(({ chain }) => chain).join('');
  const identities = {
    name: 'identities',
    cosign: {
      keyless: { identities: policy.identities.map(identity), ...(roots && { roots }) },
      ctlog: ctlog(policy, true),
      ...trustedRoot,
    },
  };
  return [...keys, identities];
}

interface Validation {
  readonly expression: string;
  readonly message: string;
}

function validationsOf(policy: SignerPolicy, attestors: readonly Attestor[]): Validation[] {
  const list = `[${attestors.map(({ name }) => `attestors.${name}`).join(', ')}]`;
  const attested = (name: string): string =>
    `verifyAttestationSignatures(image, attestations.${name}, ${list}) > 0`;
  const all = (condition: string): string => `(${IMAGES}).all(image, ${condition})`;
  const signed =
    policy.format === 'legacy'
      ? `verifyImageSignatures(image, ${list}) > 0`
      : attested('signature');
  const pairs = Object.entries(policy.annotations)
    .map(([key, value]) => `s.?annotations[?${celString(key)}].orValue("") == ${celString(value)}`)
    .join(' && ');
  const payload = (name: string): string => `extractPayload(image, attestations.${name})`;
  const builder = policy.provenance?.builderId;
  return [
    { expression: all(signed), message: 'an image is not signed by a trusted signer' },
    ...(pairs === '' || policy.format === 'legacy'
      ? []
      : [
          {
            expression: all(`${payload('signature')}.subject.exists(s, ${pairs})`),
            message: 'an image was not signed with the annotations that are asked for',
          },
        ]),
    ...(policy.provenance === undefined
      ? []
      : [
          {
            expression: all(attested('provenance')),
            message: 'an image has no provenance of a trusted signer',
          },
        ]),
    ...(builder === undefined
      ? []
      : [
          {
            expression: all(
              `${payload('provenance')}.?predicate.?runDetails.?builder.?id.orValue("") == ${celString(builder)}`,
            ),
            message: 'an image comes from another builder',
          },
        ]),
  ];
}

function warningsOf(policy: SignerPolicy): readonly string[] {
  const { format, transparency, keys, instance, annotations } = policy;
  const outside =
    instance !== undefined && (policy.identities.length > 0 || transparency === 'log');
  return [
    ...(format === 'legacy'
      ? []
      : ['Signatures in bundles need Kyverno 1.19; older ones find no signature in them.']),
    ...(format === 'legacy' && Object.keys(annotations).length > 0
      ? [
          'The annotations are not checked: in the format "legacy" Kyverno shows an ImageValidatingPolicy none that are signed. Sign with the format "bundle" or "both".',
        ]
      : []),
    ...(transparency === 'timestamp' && keys.length > 0
      ? ['Timestamps of signatures by keys are not checked: Kyverno looks at those of identities.']
      : []),
    ...(outside
      ? [
          'Kyverno loads the root of a TUF repository although the trusted root is in the policy: it must reach the public one, or your own mirror named in `attestors[].cosign.tuf`.',
        ]
      : []),
  ];
}

function check({ format, transparency, keys, provenance }: SignerPolicy): void {
  if (format === 'legacy' && keys.length > 0 && transparency !== 'log' && provenance) {
    throw unsupported(
      'format',
      'Kyverno takes the provenance of a key in the format "legacy" only with a log; sign with format "bundle" or "both", or leave out `provenance`',
    );
  }
}

/**
 * A Kyverno `ImageValidatingPolicy` (policies.kyverno.io/v1; Kyverno 1.17, for bundles 1.19).
 * Images must be deployed by digest.
 * https://kyverno.io/docs/policy-types/image-validating-policy/
 *
 * @throws InvalidInputError with all that is wrong
 */
export function kyvernoPolicy(args: SignerPolicyArgs): PolicyManifests {
  const policy = signerPolicy(args);
  check(policy);
  const attestors = attestorsOf(policy);
  const warnings = warningsOf(policy);
  const attestations = [
    ...(policy.format === 'legacy' ? [] : [['signature', SIGNATURE_PREDICATE_TYPE] as const]),
    ...(policy.provenance ? [['provenance', PROVENANCE_PREDICATE_TYPE] as const] : []),
  ].map(([name, type]) => ({ name, intoto: { type } }));
  const manifest = {
    apiVersion: 'policies.kyverno.io/v1',
    kind: 'ImageValidatingPolicy',
    metadata: policyMetadata(policy.name, warnings),
    spec: {
      validationActions: [policy.action],
      // Whoever cannot be judged is not admitted.
      failurePolicy: 'Fail',
      webhookConfiguration: { timeoutSeconds: 30 },
      // Just pods: then Kyverno makes the rules for all that makes pods.
      matchConstraints: {
        namespaceSelector: namespaceSelector(policy.namespaces),
        resourceRules: [
          {
            apiGroups: [''],
            apiVersions: ['v1'],
            operations: ['CREATE', 'UPDATE'],
            resources: ['pods'],
          },
        ],
      },
      matchImageReferences: kyvernoGlobs(policy.images).map((glob) => ({ glob })),
      validationConfigurations: { mutateDigest: false, verifyDigest: true, required: true },
      attestors,
      ...(attestations.length > 0 && { attestations }),
      validations: validationsOf(policy, attestors),
    },
  };
  return { manifests: [manifest], warnings };
}
