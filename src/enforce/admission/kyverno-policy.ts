import { PROVENANCE_PREDICATE_TYPE, SIGNATURE_PREDICATE_TYPE } from '../../attest';
import { PUBLIC_REKOR_URL } from '../../sign';
import { celString, type Manifest, namespaceSelector } from './manifest';
import { kyvernoGlobs } from './image-pattern';
import { addsImages } from './pod-images';
import { type KyvernoTuf, tufMember, tufProblems } from './kyverno-tuf';
import type { MembersOf } from './policy-members';
import type { IdentityConditions } from './signer-pattern';
import {
  policyMetadata,
  type PolicyManifests,
  rejectClaims,
  SIGNER_POLICY_MEMBERS,
  type SignerPolicy,
  signerPolicy,
  type SignerPolicyArgs,
  unsupported,
} from './signer-policy';

/** The arguments of a Kyverno `ImageValidatingPolicy`. */
export interface KyvernoPolicyArgs extends SignerPolicyArgs {
  /**
   * The TUF repository of a private Sigstore instance. Kyverno loads one in addition to `trustedRoot`, except for keys
   * without a log. Default: the repository of the public-good instance.
   */
  readonly tuf?: KyvernoTuf;
}

const MEMBERS: MembersOf<KyvernoPolicyArgs> = {
  ...SIGNER_POLICY_MEMBERS,
  tuf: { mirror: 'any', root: 'any' },
};

/** Images that Kyverno does not extract itself; it rewrites this path for the rules that it generates for controllers. */
const VOLUMES = {
  name: 'volumes',
  expression:
    '(has(object.spec.volumes) ? object.spec.volumes : []).filter(v, has(v.image) && has(v.image.reference)).map(v, v.image.reference)',
};

const ALL_IMAGES =
  'images.containers + images.initContainers + images.ephemeralContainers + images.volumes';

/** One object each: Kyverno generates rules for controllers only from a policy that applies to pods alone. */
interface Part {
  readonly suffix: string;
  readonly resource: string;
  /** CEL: the images to verify. */
  readonly images: string;
  /** Whether every image of the object must have been verified. */
  readonly required: boolean;
}

const PARTS: readonly Part[] = [
  { suffix: '', resource: 'pods', images: ALL_IMAGES, required: true },
  // `kubectl debug`; the other images of the pod were verified when it was created.
  {
    suffix: '-ephemeral',
    resource: 'pods/ephemeralcontainers',
    images: 'images.ephemeralContainers',
    required: false,
  },
];

interface Attestor {
  readonly name: string;
  readonly cosign: object;
}

/** Returns the first log of each kind: a policy supports one key for each. */
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

function identity({ subject, issuer }: IdentityConditions): object {
  return {
    ...(subject.exact === undefined
      ? { subjectRegExp: subject.pattern }
      : { subject: subject.exact }),
    ...(issuer.exact === undefined ? { issuerRegExp: issuer.pattern } : { issuer: issuer.exact }),
  };
}

function attestorsOf(policy: SignerPolicy, tuf: KyvernoTuf | undefined): readonly Attestor[] {
  const { instance } = policy;
  const material = {
    ...(instance && { trustedRoot: { value: instance.json } }),
    ...(tuf && { tuf: tufMember(tuf) }),
  };
  const keys = policy.keys.map((pem, index) => ({
    name: `key${index + 1}`,
    cosign: {
      key: { data: pem, hashAlgorithm: 'sha256' },
      ctlog: ctlog(policy, false),
      ...material,
    },
  }));
  if (policy.identities.length === 0) return keys;
  const roots = instance?.parts.authorities.map(({ chain }) => chain).join('');
  const identities = {
    name: 'identities',
    cosign: {
      keyless: { identities: policy.identities.map(identity), ...(roots && { roots }) },
      ctlog: ctlog(policy, true),
      ...material,
    },
  };
  return [...keys, identities];
}

interface Validation {
  readonly expression: string;
  readonly message: string;
}

/** CEL: whether a member exists and has exactly this value; an absent member is not an empty one. */
const isExactly = (object: string, member: string, value: string): string =>
  `${object}[?${celString(member)}].hasValue() && ${object}[?${celString(member)}].value() == ${celString(value)}`;

function validationsOf(
  policy: SignerPolicy,
  attestors: readonly Attestor[],
  images: string,
): Validation[] {
  const list = `[${attestors.map(({ name }) => `attestors.${name}`).join(', ')}]`;
  const attested = (name: string): string =>
    `verifyAttestationSignatures(image, attestations.${name}, ${list}) > 0`;
  const all = (condition: string): string => `(${images}).all(image, ${condition})`;
  const signed =
    policy.format === 'legacy'
      ? `verifyImageSignatures(image, ${list}) > 0`
      : attested('signature');
  const pairs = Object.entries(policy.annotations)
    .map(([key, value]) => isExactly('s.?annotations', key, value))
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
            message: 'an image was not signed with the required annotations',
          },
        ]),
    ...(policy.provenance === undefined
      ? []
      : [
          {
            expression: all(attested('provenance')),
            message: 'an image has no provenance by a trusted signer',
          },
        ]),
    ...(builder === undefined
      ? []
      : [
          {
            expression: all(
              `${payload('provenance')}.?predicate.?runDetails.?builder.?id.orValue("") == ${celString(builder)}`,
            ),
            message: 'an image was built by another builder',
          },
        ]),
  ];
}

function warningsOf(policy: SignerPolicy, tuf: KyvernoTuf | undefined): readonly string[] {
  const { format, transparency, keys, instance, annotations } = policy;
  const outside =
    instance !== undefined && (policy.identities.length > 0 || transparency === 'log');
  return [
    ...(format === 'legacy'
      ? []
      : ['Signatures in bundles require Kyverno 1.19; older versions do not find them.']),
    ...(format === 'legacy' && Object.keys(annotations).length > 0
      ? [
          'The annotations are not checked: in the format "legacy", Kyverno does not provide signed annotations to an ImageValidatingPolicy. Sign with the format "bundle" or "both".',
        ]
      : []),
    ...(transparency === 'timestamp' && keys.length > 0
      ? [
          'Timestamps of signatures by keys are not checked: Kyverno verifies only those of identities.',
        ]
      : []),
    ...(outside && tuf === undefined
      ? [
          'Kyverno loads the root of a TUF repository although the trusted root is in the policy: it needs access to the public repository, or to the mirror that `tuf` (`--tuf-mirror`) sets.',
        ]
      : []),
  ];
}

function check({ format, transparency, keys, provenance }: SignerPolicy): void {
  if (format === 'legacy' && keys.length > 0 && transparency !== 'log' && provenance) {
    throw unsupported(
      'format',
      'must be "bundle" or "both": Kyverno verifies provenance signed by a key in the format "legacy" only with a log; or leave out `provenance`',
    );
  }
}

/**
 * Generates Kyverno `ImageValidatingPolicy` objects (policies.kyverno.io/v1; Kyverno 1.17, for bundles
 * 1.19): one for pods and their controllers, one for ephemeral containers of running pods. Images must
 * be deployed by digest. An update that adds no image is not evaluated.
 * https://kyverno.io/docs/policy-types/image-validating-policy/
 *
 * @throws InvalidInputError with all problems
 */
export function kyvernoPolicy(args: KyvernoPolicyArgs): PolicyManifests {
  const { tuf } = args;
  const policy = signerPolicy(args, MEMBERS, tufProblems(tuf));
  rejectClaims(policy, 'a Kyverno ImageValidatingPolicy');
  check(policy);
  const attestors = attestorsOf(policy, tuf);
  const warnings = warningsOf(policy, tuf);
  const attestations = [
    ...(policy.format === 'legacy' ? [] : [['signature', SIGNATURE_PREDICATE_TYPE] as const]),
    ...(policy.provenance ? [['provenance', PROVENANCE_PREDICATE_TYPE] as const] : []),
  ].map(([name, type]) => ({ name, intoto: { type } }));
  const manifestOf = ({ suffix, resource, images, required }: Part): Manifest => ({
    apiVersion: 'policies.kyverno.io/v1',
    kind: 'ImageValidatingPolicy',
    metadata: policyMetadata(`${policy.name}${suffix}`, warnings),
    spec: {
      validationActions: [policy.action],
      // A request that cannot be evaluated is denied.
      failurePolicy: 'Fail',
      webhookConfiguration: { timeoutSeconds: 30 },
      matchConstraints: {
        namespaceSelector: namespaceSelector(policy.namespaces),
        resourceRules: [
          {
            apiGroups: [''],
            apiVersions: ['v1'],
            operations: ['CREATE', 'UPDATE'],
            resources: [resource],
          },
        ],
      },
      matchConditions: [{ name: 'brings-images', expression: addsImages('spec') }],
      matchImageReferences: kyvernoGlobs(policy.images).map((glob) => ({ glob })),
      validationConfigurations: { mutateDigest: false, verifyDigest: true, required },
      images: [VOLUMES],
      attestors,
      ...(attestations.length > 0 && { attestations }),
      validations: validationsOf(policy, attestors, images),
    },
  });
  return { manifests: PARTS.map(manifestOf), warnings };
}
