import { PROVENANCE_PREDICATE_TYPE, SIGNATURE_PREDICATE_TYPE } from '../../attest';
import { PUBLIC_REKOR_URL } from '../../sign';
import { InvalidInputError, type Problem } from '../../error';
import type { ClaimName } from '../../verify/certificate-claims';
import { claimEntries } from '../../verify/trusted-identity';
import { kyvernoGlobs } from './image-pattern';
import { expressionOf, type IdentityConditions, type Matcher } from './signer-pattern';
import {
  policyMetadata,
  type PolicyManifests,
  type SignerPolicy,
  signerPolicy,
  type SignerPolicyArgs,
  unsupported,
} from './signer-policy';

/** Kyverno reads one format per rule; for `both`, the format of which it can check more is used. */
const readsBundles = ({ format }: SignerPolicy): boolean => format === 'bundle';

function transparencyOptions(policy: SignerPolicy, keyless: boolean): object {
  const { instance, transparency } = policy;
  const { logs = [], certificateLogs = [], timestampAuthorities = [] } = instance?.parts ?? {};
  const [log] = logs;
  const logged = transparency === 'log';
  const certificateLog = keyless ? certificateLogs[0] : undefined;
  const authority = transparency === 'timestamp' ? timestampAuthorities[0] : undefined;
  // For bundles, Kyverno uses the switch of the certificate log to require an observed timestamp.
  const ignoreSCT = readsBundles(policy)
    ? transparency === 'none'
    : !keyless || (instance !== undefined && certificateLogs.length === 0);
  return {
    rekor: {
      url: log?.url || PUBLIC_REKOR_URL,
      ...(logged && log && { pubkey: log.pem }),
      ...(!logged && { ignoreTlog: true }),
    },
    ctlog: {
      ignoreSCT,
      ...(certificateLog && { pubkey: certificateLog.pem }),
      ...(authority && { tsaCertChain: authority.chain }),
    },
  };
}

/** In an exact name, Kyverno interprets `*` and `?` as wildcards. */
const isPlain = ({ exact }: Matcher): boolean => exact !== undefined && !/[*?]/.test(exact);

/** The claims that Kyverno compares, in legacy signatures only. */
const KYVERNO_CLAIMS: readonly ClaimName[] = [
  'githubWorkflowTrigger',
  'githubWorkflowSha',
  'githubWorkflowName',
  'githubWorkflowRepository',
  'githubWorkflowRef',
];

const useAnother = 'use another claim, or name the workflow in `identityPattern`';

function claimFault(name: ClaimName, value: string, { format }: SignerPolicy): string | undefined {
  if (format === 'bundle') {
    return 'cannot be checked: a Kyverno ClusterPolicy compares claims only in the format "legacy"; sign with the format "both", or name the workflow in `identityPattern`';
  }
  if (!KYVERNO_CLAIMS.includes(name)) {
    return `cannot be checked: a Kyverno ClusterPolicy compares only the claims ${KYVERNO_CLAIMS.join(', ')}; ${useAnother}`;
  }
  const fault = textFault(value, true);
  return fault && `${fault}; ${useAnother}`;
}

/** Reports the claims that Kyverno would ignore, or would not compare literally. */
function checkClaims(policy: SignerPolicy): void {
  const problems = policy.identities.flatMap(({ claims, claimPatterns }, index): Problem[] => [
    ...claimEntries(claims).flatMap(([name, value]): Problem[] => {
      const message = claimFault(name, value, policy);
      const property = `identities[${index}].claims.${name}`;
      return message === undefined ? [] : [{ property, code: 'INPUT_INVALID', message }];
    }),
    ...claimEntries(claimPatterns).map(([name]): Problem => ({
      property: `identities[${index}].claimPatterns.${name}`,
      code: 'INPUT_INVALID',
      message: `cannot be checked: a Kyverno ClusterPolicy compares claims with exact values only; use \`claims\`, or name the workflow in \`identityPattern\``,
    })),
  ]);
  if (problems.length > 0) throw new InvalidInputError(problems);
}

function identityEntry({ subject, issuer, claims }: IdentityConditions): object {
  return {
    ...(claimEntries(claims).length > 0 && {
      additionalExtensions: Object.fromEntries(claimEntries(claims)),
    }),
    ...(isPlain(subject) ? { subject: subject.exact } : { subjectRegExp: expressionOf(subject) }),
    ...(isPlain(issuer) ? { issuer: issuer.exact } : { issuerRegExp: expressionOf(issuer) }),
  };
}

function entriesOf(policy: SignerPolicy, annotated: boolean): object {
  const pairs = annotated && Object.keys(policy.annotations).length > 0;
  const annotations = pairs ? { annotations: policy.annotations } : {};
  const roots = policy.instance?.parts.authorities.map(({ chain }) => chain).join('');
  const keys = policy.keys.map((pem) => ({
    keys: { publicKeys: pem, signatureAlgorithm: 'sha256', ...transparencyOptions(policy, false) },
    ...annotations,
  }));
  const identities = policy.identities.map((identity) => ({
    keyless: {
      ...identityEntry(identity),
      ...transparencyOptions(policy, true),
      ...(roots && { roots }),
    },
    ...annotations,
  }));
  return [{ count: 1, entries: [...keys, ...identities] }];
}

function attestationsOf(policy: SignerPolicy): readonly object[] {
  const { provenance } = policy;
  const builder = provenance?.builderId;
  // Not `attestors`: with them, the provenance alone would be accepted as a signature.
  const signature = {
    name: 'signature',
    type: SIGNATURE_PREDICATE_TYPE,
    attestors: entriesOf(policy, false),
  };
  const conditions = builder !== undefined && {
    conditions: [
      { all: [{ key: '{{ runDetails.builder.id }}', operator: 'Equals', value: builder }] },
    ],
  };
  return [
    ...(readsBundles(policy) ? [signature] : []),
    ...(provenance
      ? [
          {
            name: 'provenance',
            type: PROVENANCE_PREDICATE_TYPE,
            attestors: entriesOf(policy, false),
            ...conditions,
          },
        ]
      : []),
  ];
}

function warningsOf(policy: SignerPolicy): readonly string[] {
  const { keys, instance, transparency, annotations } = policy;
  if (!readsBundles(policy)) return [];
  const witnessed = policy.identities.length > 0 || transparency !== 'none';
  return [
    keys.length > 0
      ? 'Signatures by keys in bundles require Kyverno 1.19; older versions reject them.'
      : 'Bundles require Kyverno 1.13.',
    ...(Object.keys(annotations).length > 0
      ? [
          'The annotations are not checked: a Kyverno ClusterPolicy does not read the annotations in bundles. Sign with the format "both", or use an ImageValidatingPolicy.',
        ]
      : []),
    ...(instance !== undefined && witnessed
      ? [
          'The private Sigstore instance cannot be set in the policy: for bundles, Kyverno uses the TUF mirror of its flags (`--enableTuf --tufMirror --tufRoot`). Set these flags, or use an ImageValidatingPolicy.',
        ]
      : []),
  ];
}

/** Kyverno substitutes variables in every text, and interprets `*` and `?` in a compared text as wildcards. */
const VARIABLE = /\{\{|\$\(/;
const WILDCARD = /[*?]/;

function textFault(text: string, isCompared: boolean): string | undefined {
  if (VARIABLE.test(text))
    return 'contains "{{" or "$(", which a Kyverno ClusterPolicy interprets as a variable';
  return isCompared && WILDCARD.test(text)
    ? 'contains "*" or "?", which a Kyverno ClusterPolicy interprets as a wildcard'
    : undefined;
}

/** @throws InvalidInputError if Kyverno would not compare the declared text literally */
function checkTexts(policy: SignerPolicy): void {
  const { annotations, provenance, identities } = policy;
  const refuse = (property: string, fault: string | undefined): void => {
    if (fault !== undefined) {
      throw unsupported(property, `${fault}; use an ImageValidatingPolicy (\`KyvernoPolicy\`)`);
    }
  };
  refuse('provenance.builderId', textFault(provenance?.builderId ?? '', true));
  identities.forEach(({ subject, issuer }, index) => {
    for (const { exact, pattern } of [subject, issuer])
      refuse(`identities[${index}]`, textFault(exact ?? pattern ?? '', false));
  });
  if (readsBundles(policy)) return;
  for (const [key, value] of Object.entries(annotations)) {
    refuse(`annotations.${key}`, textFault(key, false) ?? textFault(value, false));
    if (value === '')
      refuse(
        `annotations.${key}`,
        'is empty: a Kyverno ClusterPolicy does not distinguish an absent annotation from an empty one',
      );
  }
}

function check(policy: SignerPolicy): void {
  checkClaims(policy);
  checkTexts(policy);
  const stamped = policy.transparency === 'timestamp' && !readsBundles(policy);
  if (stamped && policy.instance === undefined) {
    throw unsupported(
      'trustedRoot',
      'is required for timestamps in the format "legacy", with the certificate chain of the timestamp authority; set it, or sign with format "bundle"',
    );
  }
}

function namespacesOf({ namespaces }: SignerPolicy): object {
  const resources = { kinds: ['Pod'], operations: ['CREATE', 'UPDATE'] };
  const all = namespaces === undefined || namespaces.includes('*');
  return {
    match: { any: [{ resources: { ...resources, ...(!all && { namespaces }) } }] },
    ...(namespaces === undefined && {
      exclude: { any: [{ resources: { namespaces: ['kube-system'] } }] },
    }),
  };
}

/**
 * Generates a Kyverno `ClusterPolicy` (kyverno.io/v1), for clusters whose Kyverno version does not support
 * `ImageValidatingPolicy`. Images must be deployed by digest.
 * https://kyverno.io/docs/policy-types/cluster-policy/verify-images/
 *
 * @throws InvalidInputError with all problems
 */
export function kyvernoClusterPolicy(args: SignerPolicyArgs): PolicyManifests {
  const policy = signerPolicy(args);
  check(policy);
  const warnings = warningsOf(policy);
  const attestations = attestationsOf(policy);
  const bundles = readsBundles(policy);
  const manifest = {
    apiVersion: 'kyverno.io/v1',
    kind: 'ClusterPolicy',
    metadata: policyMetadata(policy.name, warnings),
    spec: {
      background: false,
      // A request that cannot be evaluated is denied.
      webhookConfiguration: { failurePolicy: 'Fail', timeoutSeconds: 30 },
      ...(policy.action === 'Warn' && { emitWarning: true }),
      rules: [
        {
          name: 'signed',
          ...namespacesOf(policy),
          verifyImages: [
            {
              type: bundles ? 'SigstoreBundle' : 'Cosign',
              imageReferences: kyvernoGlobs(policy.images),
              failureAction: policy.action === 'Deny' ? 'Enforce' : 'Audit',
              mutateDigest: false,
              verifyDigest: true,
              required: true,
              ...(!bundles && { attestors: entriesOf(policy, true) }),
              ...(attestations.length > 0 && { attestations }),
            },
          ],
        },
      ],
    },
  };
  return { manifests: [manifest], warnings };
}
