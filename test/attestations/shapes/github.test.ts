import { githubActions } from '../../../src/core';
import { type RunningSigstore, startSigstore } from '../../../dev/sigstore';
import { type PushedImage, pushImage } from '../../interop/support/images';
import { type Stack, startStack } from '../../interop/support/stack';
import {
  alterBundles,
  bundlesOf,
  type BundleJson,
  copyBeside,
} from '../../interop/support/tampering';
import {
  attach,
  BUILD_TYPE,
  CLAIMS,
  GITHUB_ISSUER,
  type GithubInstance,
  type GithubStatement,
  type JobClaims,
  sign,
  statementOf,
} from '../support/github-attest';
import { describeShape, type Sibling } from '../support/shape';

let stack: Stack;
let otherSigstore: RunningSigstore;
beforeAll(async () => {
  [stack, otherSigstore] = await Promise.all([startStack({ referrersApi: true }), startSigstore()]);
});
afterAll(() => Promise.all([stack.close(), otherSigstore.close()]));

interface Changes {
  readonly claims?: Partial<JobClaims>;
  readonly statement?: (statement: GithubStatement) => object;
  /** Another Fulcio. */
  readonly authority?: () => RunningSigstore;
  readonly instance?: GithubInstance;
}

/** An image with the attestation of a job. The statement is that of the job as its token has it. */
async function attested(changes: Changes = {}): Promise<PushedImage> {
  const image = await pushImage(stack.registry.host);
  const claims = { ...CLAIMS, ...changes.claims };
  const made = statementOf(image, claims);
  const statement = changes.statement?.(made) ?? made;
  const { instance, authority } = changes;
  const bundle = await sign(stack.sigstore, statement, claims, instance, authority?.());
  const { predicateType } = statement as { predicateType: string };
  await attach(stack.registry, image, bundle, predicateType);
  return image;
}

const requirement = () => ({
  name: 'build',
  predicateType: 'slsaprovenance1',
  identities: [
    githubActions({
      repository: 'octo-org/octo-repo',
      workflow: 'release.yml',
      ref: 'refs/tags/v*',
      runnerEnvironment: 'github-hosted',
    }),
  ],
  condition: `predicate.buildDefinition.buildType == '${BUILD_TYPE}'`,
});

/** What cosign can be told of the same requirement. */
const cosign =
  (further: readonly string[] = []) =>
  async (image: PushedImage): Promise<boolean> => {
    const run = await stack.cosign([
      ...['verify-attestation', '--type', 'slsaprovenance1', '--new-bundle-format=true'],
      '--certificate-identity-regexp',
      '^https://github\\.com/octo-org/octo-repo/\\.github/workflows/release\\.yml@refs/tags/v[^/]*$',
      ...['--certificate-oidc-issuer', GITHUB_ISSUER, '--trusted-root', stack.trustedRoot],
      ...['--certificate-github-workflow-repository', 'octo-org/octo-repo'],
      ...['--certificate-github-workflow-ref', CLAIMS.ref, ...further],
      image.reference,
    ]);
    return run.code === 0;
  };

const claimed = (instance: GithubInstance, claims: Partial<JobClaims>) => () =>
  attested({ instance, claims });
const stated = (instance: GithubInstance, statement: Changes['statement'] & object) => () =>
  attested({ instance, statement });
const altered = (change: (bundle: BundleJson) => unknown) => async (image: PushedImage) => {
  await alterBundles(stack, image, change);
  return image;
};

/** A statement with one member of the predicate replaced, by its path. */
function replaced(statement: GithubStatement, path: readonly string[], value: unknown): object {
  const copy = structuredClone(statement) as unknown as Record<string, unknown>;
  const last = path.at(-1) ?? '';
  const parent = path
    .slice(0, -1)
    .reduce((object, name) => object[name] as Record<string, unknown>, copy);
  if (parent[last] === undefined) throw new Error(`there is no ${path.join('.')}`);
  parent[last] = value;
  return copy;
}

const otherBundle = async (): Promise<BundleJson> =>
  JSON.parse(bundlesOf(stack, await attested())[0] ?? '') as BundleJson;

function alteredPayload({ dsseEnvelope }: BundleJson): void {
  const text = Buffer.from(dsseEnvelope.payload, 'base64').toString();
  const changed = text.replace('"attempts/1"', '"attempts/2"').replace('attempts/1', 'attempts/2');
  if (changed === text) throw new Error('nothing was changed');
  dsseEnvelope.payload = Buffer.from(changed).toString('base64');
}

async function loggedLate(offset: number): Promise<PushedImage> {
  stack.sigstore.settings.rekor.clockOffset = offset;
  try {
    return await attested();
  } finally {
    stack.sigstore.settings.rekor.clockOffset = 0;
  }
}

const PATH = ['predicate', 'buildDefinition', 'externalParameters', 'workflow'];
const SOURCE = ['predicate', 'buildDefinition', 'resolvedDependencies', '0'];

/** What differs in the signer or the content, with a log or without. */
const siblingsOf = (instance: GithubInstance): readonly Sibling<PushedImage>[] => [
  {
    name: 'the subject of another image',
    make: stated(instance, (statement) =>
      replaced(statement, ['subject', '0', 'digest', 'sha256'], 'ab'.repeat(32)),
    ),
    code: 'VERIFY_SIGNATURE_INVALID',
    reason: /it is about another image/,
    cosign: 'refuses',
  },
  {
    name: 'a digest of the subject by another algorithm only',
    make: stated(instance, (statement) =>
      replaced(statement, ['subject', '0', 'digest'], { sha512: 'ab'.repeat(64) }),
    ),
    code: 'VERIFY_SIGNATURE_INVALID',
    reason: /it is about another image/,
    cosign: 'refuses',
  },
  {
    name: 'the attestation of another image beside it',
    make: async (image) => {
      const other = await pushImage(stack.registry.host);
      await copyBeside(stack, image, other);
      return other;
    },
    code: 'VERIFY_SIGNATURE_INVALID',
    reason: /it is about another image/,
    cosign: 'refuses',
  },
  {
    name: 'a run of another repository',
    make: claimed(instance, { repository: 'octo-org/octo-fork' }),
    code: 'VERIFY_SIGNER_MISMATCH',
    reason:
      /claim sourceRepository of its certificate is "https:\/\/github\.com\/octo-org\/octo-fork"/,
    cosign: 'refuses',
  },
  {
    name: 'another workflow',
    make: claimed(instance, {
      job_workflow_ref: CLAIMS.job_workflow_ref.replace('release', 'test'),
    }),
    code: 'VERIFY_SIGNER_MISMATCH',
    reason: /signed, but by another signer: identity ".*\/test\.yml@refs\/tags\/v1\.2\.0"/,
    cosign: 'refuses',
  },
  {
    name: 'the workflow of a branch',
    make: claimed(instance, {
      job_workflow_ref: CLAIMS.job_workflow_ref.replace(CLAIMS.ref, 'refs/heads/v1'),
    }),
    code: 'VERIFY_SIGNER_MISMATCH',
    reason: /signed, but by another signer: identity ".*@refs\/heads\/v1"/,
    cosign: 'refuses',
  },
  {
    name: 'a run for a branch',
    make: claimed(instance, { ref: 'refs/heads/v1' }),
    code: 'VERIFY_SIGNER_MISMATCH',
    reason: /claim sourceRef of its certificate is "refs\/heads\/v1"/,
    cosign: 'refuses',
  },
  {
    name: 'another issuer',
    make: () =>
      attested({ instance, claims: { iss: stack.sigstore.issuer.url } as Partial<JobClaims> }),
    code: 'VERIFY_SIGNER_MISMATCH',
    reason: /signed, but by another signer: identity .* of "http:\/\/127\.0\.0\.1/,
    cosign: 'refuses',
  },
  {
    name: 'a runner of its own',
    make: claimed(instance, { runner_environment: 'self-hosted' }),
    code: 'VERIFY_SIGNER_MISMATCH',
    reason: /claim runnerEnvironment of its certificate is "self-hosted"/,
    cosign: 'accepts',
  },
  {
    name: 'a certificate of another authority',
    make: () => attested({ instance, authority: () => otherSigstore }),
    code: 'VERIFY_SIGNATURE_INVALID',
    reason: /no valid certificate path found/,
    cosign: 'refuses',
  },
  {
    name: 'a payload type that was altered after signing',
    make: altered(({ dsseEnvelope }) => {
      dsseEnvelope.payloadType = 'application/json';
    }),
    code: 'VERIFY_SIGNATURE_INVALID',
    reason: /its payload is of type "application\/json"/,
    cosign: 'refuses',
  },
  {
    name: 'another predicate type',
    make: stated(instance, (statement) =>
      replaced(statement, ['predicateType'], 'https://slsa.dev/provenance/v0.2'),
    ),
    code: 'VERIFY_ATTESTATION_MISSING',
    reason: /no attestation of type https:\/\/slsa\.dev\/provenance\/v1 was found/,
    cosign: 'refuses',
  },
  {
    name: 'another build type',
    make: stated(instance, (statement) =>
      replaced(statement, ['predicate', 'buildDefinition', 'buildType'], 'https://example.com/b'),
    ),
    code: 'VERIFY_CONDITION_UNMET',
    reason: /it does not meet the condition/,
    cosign: 'accepts',
  },
  {
    name: 'another builder than its certificate',
    make: stated(instance, (statement) =>
      replaced(statement, ['predicate', 'runDetails', 'builder', 'id'], 'https://example.com/b'),
    ),
    code: 'VERIFY_PROVENANCE_MISMATCH',
    reason: /its builder is "https:\/\/example\.com\/b", but its certificate was issued for/,
    cosign: 'accepts',
  },
  {
    name: 'another repository than its certificate',
    make: stated(instance, (statement) =>
      replaced(statement, [...PATH, 'repository'], 'https://github.com/octo-org/octo-fork'),
    ),
    code: 'VERIFY_PROVENANCE_MISMATCH',
    reason: /its workflow repository is/,
    cosign: 'accepts',
  },
  {
    name: 'another commit than its certificate',
    make: stated(instance, (statement) =>
      replaced(statement, [...SOURCE, 'digest', 'gitCommit'], 'ab'.repeat(20)),
    ),
    code: 'VERIFY_PROVENANCE_MISMATCH',
    reason: /its commit is/,
    cosign: 'accepts',
  },
];

/** What differs in the log entry, or is found by it. */
const loggedSiblings: readonly Sibling<PushedImage>[] = [
  {
    name: 'a predicate that was altered after signing',
    make: altered(alteredPayload),
    code: 'VERIFY_SIGNATURE_INVALID',
    reason: /DSSE payload hash mismatch/,
    cosign: 'refuses',
  },
  {
    name: 'the signature of another attestation of the job',
    make: async (image) => {
      const other = await otherBundle();
      return altered(({ dsseEnvelope }) => {
        dsseEnvelope.signatures.splice(0, 1, ...other.dsseEnvelope.signatures);
      })(image);
    },
    code: 'VERIFY_SIGNATURE_INVALID',
    reason: /tlog entry signature mismatch/,
    cosign: 'refuses',
  },
  {
    name: 'the certificate of another attestation of the job',
    make: async (image) => {
      const other = await otherBundle();
      return altered(({ verificationMaterial }) => {
        const { rawBytes } = other.verificationMaterial.certificate;
        verificationMaterial.certificate.rawBytes = rawBytes;
      })(image);
    },
    code: 'VERIFY_SIGNATURE_INVALID',
    reason: /the signature does not verify/,
    cosign: 'refuses',
  },
  {
    name: 'no log entry',
    make: altered(({ verificationMaterial }) => {
      verificationMaterial.tlogEntries = [];
    }),
    code: 'VERIFY_LOG_MISSING',
    reason: /it does not contain a transparency log entry/,
    cosign: 'refuses',
  },
  {
    name: 'the log entry of another attestation of the job',
    make: async (image) => {
      const other = await otherBundle();
      return altered(({ verificationMaterial }) => {
        verificationMaterial.tlogEntries = other.verificationMaterial.tlogEntries;
      })(image);
    },
    code: 'VERIFY_SIGNATURE_INVALID',
    reason: /tlog entry signature mismatch/,
    cosign: 'refuses',
  },
  {
    name: 'a certificate that had expired when it was logged',
    make: () => loggedLate(11 * 60),
    code: 'VERIFY_SIGNATURE_INVALID',
    reason: /certificate is not valid or expired at the specified date/,
    cosign: 'refuses',
  },
  {
    name: 'a log entry from before its certificate',
    make: () => loggedLate(-11 * 60),
    code: 'VERIFY_SIGNATURE_INVALID',
    reason: /certificate is not valid or expired at the specified date/,
    cosign: 'refuses',
  },
];

describeShape(
  {
    name: 'GitHub, public repository',
    make: attested,
    requirement,
    trustedRoot: () => stack.trustedRoot,
    cosign: cosign(),
  },
  [...siblingsOf('public'), ...loggedSiblings],
);

/** GitHub's own instance for private repositories has no log. */
describeShape(
  {
    name: 'GitHub, private repository',
    make: () => attested({ instance: 'private' }),
    requirement: () => ({ ...requirement(), transparency: 'timestamp' }),
    trustedRoot: () => stack.trustedRoot,
    cosign: cosign(['--insecure-ignore-tlog', '--use-signed-timestamps']),
  },
  [
    ...siblingsOf('private'),
    {
      name: 'no timestamp',
      make: altered(({ verificationMaterial }) => {
        verificationMaterial.timestampVerificationData.rfc3161Timestamps.splice(0);
      }),
      code: 'VERIFY_LOG_MISSING',
      reason: /it does not contain a signed timestamp/,
      cosign: 'refuses',
    },
    {
      name: 'the timestamp of another attestation of the job',
      make: async (image) => {
        const [text = ''] = bundlesOf(stack, await attested({ instance: 'private' }));
        const other = JSON.parse(text) as BundleJson;
        return altered(({ verificationMaterial: { timestampVerificationData } }) => {
          timestampVerificationData.rfc3161Timestamps.splice(
            0,
            1,
            ...other.verificationMaterial.timestampVerificationData.rfc3161Timestamps,
          );
        })(image);
      },
      code: 'VERIFY_SIGNATURE_INVALID',
      reason: /timestamp could not be verified/,
      cosign: 'refuses',
    },
  ],
);
