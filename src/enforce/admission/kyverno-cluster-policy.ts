import { PROVENANCE_PREDICATE_TYPE, SIGNATURE_PREDICATE_TYPE } from '../../attest';
import { PUBLIC_REKOR_URL } from '../../sign';
import { kyvernoGlobs } from './image-pattern';
import { expressionOf, type IdentityMatcher, type Matcher } from './signer-pattern';
import {
  policyMetadata,
  type PolicyManifests,
  type SignerPolicy,
  signerPolicy,
  type SignerPolicyArgs,
  unsupported,
} from './signer-policy';

/** Kyverno reads one format for each rule; of both, the one that it can check more of. */
const readsBundles = ({ format }: SignerPolicy): boolean => format === 'bundle';

function witnesses(policy: SignerPolicy, keyless: boolean): object {
  const { instance, transparency } = policy;
  const { logs = [], certificateLogs = [], timestampAuthorities = [] } = instance?.parts ?? {};
  const [log] = logs;
  const logged = transparency === 'log';
  const certificateLog = keyless ? certificateLogs[0] : undefined;
  const authority = transparency === 'timestamp' ? timestampAuthorities[0] : undefined;
  // In bundles, where it asks for an observed time, Kyverno has put the certificate log's switch.
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

/** In an exact name Kyverno takes `*` and `?` for any text. */
const isPlain = ({ exact }: Matcher): boolean => exact !== undefined && !/[*?]/.test(exact);

function identityEntry({ subject, issuer }: IdentityMatcher): object {
  return {
    ...(isPlain(subject) ? { subject: subject.exact } : { subjectRegExp: expressionOf(subject) }),
    ...(isPlain(issuer) ? { issuer: issuer.exact } : { issuerRegExp: expressionOf(issuer) }),
  };
}

function entriesOf(policy: SignerPolicy, annotated: boolean): object {
  const pairs = annotated && Object.keys(policy.annotations).length > 0;
  const annotations = pairs ? { annotations: policy.annotations } : {};
  const roots = policy.instance?.parts.authorities.map(({ chain }) => chain).join('');
  const keys = policy.keys.map((pem) => ({
    keys: { publicKeys: pem, signatureAlgorithm: 'sha256', ...witnesses(policy, false) },
    ...annotations,
  }));
  const identities = policy.identities.map((identity) => ({
    keyless: { ...identityEntry(identity), ...witnesses(policy, true), ...(roots && { roots }) },
    ...annotations,
  }));
  return [{ count: 1, entries: [...keys, ...identities] }];
}

function attestationsOf(policy: SignerPolicy): readonly object[] {
  const { provenance } = policy;
  const builder = provenance?.builderId;
  // Not `attestors`: by them, the provenance alone would pass for a signature.
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
      ? 'Signatures by keys in bundles need Kyverno 1.19; older ones refuse them.'
      : 'Bundles need Kyverno 1.13.',
    ...(Object.keys(annotations).length > 0
      ? [
          'The annotations are not checked: a ClusterPolicy of Kyverno does not look at those of bundles. Sign with the format "both", or use an ImageValidatingPolicy.',
        ]
      : []),
    ...(instance !== undefined && witnessed
      ? [
          'The own Sigstore instance cannot stand in the policy: for bundles Kyverno takes the TUF mirror that it was started with (`--enableTuf --tufMirror --tufRoot`). Or use an ImageValidatingPolicy.',
        ]
      : []),
  ];
}

/** Kyverno fills in variables wherever a text has one, and takes `*` and `?` of a compared text as wildcards. */
const VARIABLE = /\{\{|\$\(/;
const WILDCARD = /[*?]/;

function textFault(text: string, isCompared: boolean): string | undefined {
  if (VARIABLE.test(text)) return 'a ClusterPolicy of Kyverno reads "{{" and "$(" as variables';
  return isCompared && WILDCARD.test(text)
    ? 'a ClusterPolicy of Kyverno reads "*" and "?" in it as wildcards'
    : undefined;
}

/** @throws InvalidInputError where Kyverno would compare something else than what was given */
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
        'is empty: a ClusterPolicy of Kyverno takes an annotation that is absent for an empty one',
      );
  }
}

function check(policy: SignerPolicy): void {
  checkTexts(policy);
  const stamped = policy.transparency === 'timestamp' && !readsBundles(policy);
  if (stamped && policy.instance === undefined) {
    throw unsupported(
      'trustedRoot',
      'timestamps in the format "legacy" need the certificate chain of their authority; give `trustedRoot`, or sign with format "bundle"',
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
 * A Kyverno `ClusterPolicy` (kyverno.io/v1), for clusters where Kyverno has no
 * `ImageValidatingPolicy` yet. Images must be deployed by digest.
 * https://kyverno.io/docs/policy-types/cluster-policy/verify-images/
 *
 * @throws InvalidInputError with all that is wrong
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
      // Whoever cannot be judged is not admitted.
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
