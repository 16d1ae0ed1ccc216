import { dockerGithubBuilder, type RequirementArgs } from '../../../src/core';
import { CLAIMS as JOB_CLAIMS } from '../../provenance/support/github-job';
import { type Stack, startStack } from '../../interop/support/stack';
import {
  attestationReferences,
  attestationsOf,
  BUILDER_ID,
  type Buildkit,
  type BuildkitImage,
  copyOf,
  type Descriptor,
  isAttestation,
  SBOM,
  startBuildkitFor,
  withAttestationsOf,
  withIndex,
  withStatements,
} from '../support/buildkit-image';
import { alterBundles, moveBundles } from '../support/buildkit-bundles';
import { describeShape, type Shape, type Sibling } from '../support/shape';

const WORKFLOW = 'docker/github-builder/.github/workflows/build.yml';
const PROVENANCE = 'https://slsa.dev/provenance/v1';
/** A job of a repository that calls the reusable workflow. */
const CLAIMS = {
  ...JOB_CLAIMS,
  ref: 'refs/heads/main',
  job_workflow_ref: `${WORKFLOW}@refs/tags/v1.2.3`,
  workflow_ref: 'octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main',
};
type Claims = typeof CLAIMS;

let stack: Stack;
let buildkit: Buildkit;
let unsigned: BuildkitImage;
let otherRun: BuildkitImage;
let otherContent: BuildkitImage;
let signed: BuildkitImage;
beforeAll(async () => {
  stack = await startStack({ referrersApi: true });
  buildkit = await startBuildkitFor(stack.registry);
  unsigned = await buildkit.build();
  otherRun = await buildkit.build({ builderId: BUILDER_ID.replace('octo-org', 'other-org') });
  otherContent = await sign(await buildkit.build({ app: 'goodbye' }));
  signed = await sign(copyOf(stack.registry, unsigned));
}, 300_000);
afterAll(async () => {
  await buildkit.stop();
  await stack.close();
});

const token = (claims: Partial<Claims>) =>
  stack.sigstore.issuer.token({ claims: { ...CLAIMS, ...claims } });

/** Signs each attestation manifest with real cosign, as docker/github-builder does. */
async function sign(
  image: BuildkitImage,
  claims: Partial<Claims> = {},
  references = attestationReferences(stack.registry, image),
): Promise<BuildkitImage> {
  for (const reference of references) {
    const run = await stack.cosign([
      ...['sign', '--signing-config', stack.signingConfig.log],
      ...['--new-bundle-format=true', '--identity-token', token(claims), reference],
    ]);
    if (run.code !== 0) throw new Error(run.stderr);
  }
  return image;
}

/** The command that docker/github-builder prints for verification, for the same caller. */
async function cosign(image: BuildkitImage): Promise<boolean> {
  const references = attestationReferences(stack.registry, image);
  for (const reference of references) {
    const run = await stack.cosign([
      ...['verify', '--new-bundle-format=true', '--trusted-root', stack.trustedRoot],
      ...['--certificate-identity-regexp', `^https://github.com/${WORKFLOW}@refs/tags/v[^/]*$`],
      ...['--certificate-oidc-issuer', CLAIMS.iss],
      ...['--certificate-github-workflow-repository', CLAIMS.repository],
      ...['--certificate-github-workflow-ref', CLAIMS.ref, reference],
    ]);
    if (run.code !== 0) return false;
  }
  return references.length > 0;
}

const fresh = () => copyOf(stack.registry, unsigned);
const claimed = (claims: Partial<Claims>) => () => sign(fresh(), claims);

const attestationsIn = (image: BuildkitImage) => attestationsOf(stack.registry, image);
const swapped = (image: BuildkitImage): BuildkitImage =>
  withAttestationsOf(stack.registry, image, [...attestationsIn(image)].reverse());
/** The same bytes with a member that nobody reads. */
const altered = (image: BuildkitImage): BuildkitImage =>
  withStatements(stack.registry, image, () => ({ annotations: { note: 'altered' } }));

async function loggedAt(offset: number): Promise<BuildkitImage> {
  stack.sigstore.settings.rekor.clockOffset = offset;
  try {
    return await sign(fresh());
  } finally {
    stack.sigstore.settings.rekor.clockOffset = 0;
  }
}

/** The siblings whose signer or signature differs: the same for everything that BuildKit attests. */
function siblingsOf(predicateType: string): readonly Sibling<BuildkitImage>[] {
  const missing = new RegExp(`no attestation of type ${predicateType} was found`);
  const missingOf = (platform: string) =>
    new RegExp(`${platform}: no attestation of type ${predicateType} was found`);
  return [
    {
      name: 'a run of another repository',
      make: claimed({ repository: 'octo-org/octo-fork' }),
      code: 'VERIFY_SIGNER_MISMATCH',
      reason:
        /claim sourceRepository of its certificate is "https:\/\/github\.com\/octo-org\/octo-fork"/,
      cosign: 'refuses',
    },
    {
      name: 'a run for another branch',
      make: claimed({ ref: 'refs/heads/feature' }),
      code: 'VERIFY_SIGNER_MISMATCH',
      reason: /claim sourceRef of its certificate is "refs\/heads\/feature"/,
      cosign: 'refuses',
    },
    {
      name: 'the workflow for Bake files',
      make: claimed({ job_workflow_ref: CLAIMS.job_workflow_ref.replace('build.yml', 'bake.yml') }),
      code: 'VERIFY_SIGNER_MISMATCH',
      reason: /another signer: identity ".*\/bake\.yml@refs\/tags\/v1\.2\.3"/,
      cosign: 'refuses',
    },
    {
      name: 'a fork of the builder',
      make: claimed({ job_workflow_ref: CLAIMS.job_workflow_ref.replace('docker/', 'octo-org/') }),
      code: 'VERIFY_SIGNER_MISMATCH',
      reason: /another signer: identity "https:\/\/github\.com\/octo-org\/github-builder\//,
      cosign: 'refuses',
    },
    {
      name: 'an unreleased builder',
      make: claimed({ job_workflow_ref: `${WORKFLOW}@refs/heads/main` }),
      code: 'VERIFY_SIGNER_MISMATCH',
      reason: /another signer: identity ".*@refs\/heads\/main"/,
      cosign: 'refuses',
    },
    {
      name: 'a runner of its own',
      make: claimed({ runner_environment: 'self-hosted' }),
      code: 'VERIFY_SIGNER_MISMATCH',
      reason: /claim runnerEnvironment of its certificate is "self-hosted"/,
      cosign: 'accepts',
    },
    {
      name: 'another issuer',
      make: () => sign(fresh(), { iss: stack.sigstore.issuer.url } as Partial<Claims>),
      code: 'VERIFY_SIGNER_MISMATCH',
      reason: /another signer: identity .* of "http:\/\/127\.0\.0\.1/,
      cosign: 'refuses',
    },
    {
      name: 'no signature',
      make: async () => fresh(),
      code: 'VERIFY_ATTESTATION_MISSING',
      reason: missing,
      cosign: 'refuses',
    },
    {
      name: 'one platform signed',
      make: async () => {
        const image = fresh();
        return sign(image, {}, attestationReferences(stack.registry, image).slice(0, 1));
      },
      code: 'VERIFY_ATTESTATION_MISSING',
      reason: missingOf('linux/arm64'),
      cosign: 'refuses',
    },
    {
      name: 'the attestation manifests of the other platforms',
      make: async (image) => swapped(image),
      code: 'VERIFY_SIGNATURE_INVALID',
      reason: /linux\/amd64: it is about another image/,
      cosign: 'accepts',
    },
    {
      name: 'the attestation manifests of another image',
      make: async (image) => {
        copyOf(stack.registry, otherContent, image.path);
        return withAttestationsOf(stack.registry, image, attestationsIn(otherContent));
      },
      code: 'VERIFY_SIGNATURE_INVALID',
      reason: /linux\/amd64: it is about another image/,
      cosign: 'accepts',
    },
    {
      name: 'attestation manifests that were altered after signing',
      make: async (image) => altered(image),
      code: 'VERIFY_ATTESTATION_MISSING',
      reason: missing,
      cosign: 'refuses',
    },
    {
      name: 'attestation manifests that were altered, beside their former signatures',
      make: async (image) => {
        const before = attestationsIn(image);
        return moveBundles(stack.registry, altered(image), before);
      },
      code: 'VERIFY_SIGNATURE_INVALID',
      reason: /linux\/amd64: it is about another image/,
      cosign: 'refuses',
    },
    {
      name: 'other bytes under the digests of the attestation manifests',
      make: async (image) => {
        const { store } = stack.registry;
        for (const { digest } of attestationsIn(image)) {
          const stored = store.getManifest(image.path, digest);
          if (stored === undefined) throw new Error('a manifest is missing');
          const bytes = Buffer.from(stored.bytes.toString('utf8').replace('{', '{ '));
          store.putManifest(image.path, { ...stored, bytes }, { digest });
        }
        return image;
      },
      code: 'VERIFY_SIGNATURE_INVALID',
      reason: /linux\/amd64: registry .* returned different content/,
      // It reads the digest only.
      cosign: 'accepts',
    },
    {
      name: 'statements that the registry does not have',
      make: async (image) => {
        const { store } = stack.registry;
        for (const { digest } of attestationsIn(image)) {
          const text = store.getManifest(image.path, digest)?.bytes.toString('utf8') ?? '';
          const { layers } = JSON.parse(text) as { layers: readonly Descriptor[] };
          for (const layer of layers) store.deleteBlob(image.path, layer.digest);
        }
        return image;
      },
      code: 'VERIFY_SIGNATURE_INVALID',
      reason: /linux\/amd64: the registry does not have a statement/,
      cosign: 'accepts',
    },
    {
      name: 'statements about another image, signed',
      make: () =>
        sign(
          withStatements(stack.registry, fresh(), (statement) => ({
            statement: { ...statement, subject: [{ digest: { sha256: 'ab'.repeat(32) } }] },
          })),
        ),
      code: 'VERIFY_SIGNATURE_INVALID',
      reason: /linux\/amd64: it is about another image/,
      cosign: 'accepts',
    },
    {
      name: 'statements of another type than their annotation, signed',
      make: () =>
        sign(
          withStatements(stack.registry, fresh(), (statement) => ({
            statement: { ...statement, predicateType: 'https://example.com/other/v1' },
          })),
        ),
      code: 'VERIFY_ATTESTATION_MISSING',
      reason: missing,
      cosign: 'accepts',
    },
    {
      name: 'an index that does not mark the attestation manifests',
      make: async (image) =>
        withIndex(stack.registry, image, (manifests) =>
          manifests.map((each) =>
            isAttestation(each)
              ? {
                  ...each,
                  annotations: { ...each.annotations, 'vnd.docker.reference.type': 'other' },
                }
              : each,
          ),
        ),
      code: 'VERIFY_ATTESTATION_MISSING',
      reason: missing,
      cosign: 'accepts',
    },
    {
      name: 'an attestation instead of a signature of the attestation manifests',
      make: async () => {
        const image = fresh();
        for (const reference of attestationReferences(stack.registry, image)) {
          const run = await stack.cosign([
            ...['attest', '--signing-config', stack.signingConfig.log],
            ...['--trusted-root', stack.trustedRoot, '--identity-token', token({})],
            ...['--type', 'custom', '--predicate', stack.trustedRoot, reference],
          ]);
          if (run.code !== 0) throw new Error(run.stderr);
        }
        return image;
      },
      code: 'VERIFY_ATTESTATION_MISSING',
      reason: missing,
      // It does not compare the type of what is signed.
      cosign: 'accepts',
    },
    {
      name: 'no log entry',
      make: async (image) =>
        alterBundles(stack.registry, image, ({ verificationMaterial }) => {
          verificationMaterial.tlogEntries = [];
        }),
      code: 'VERIFY_LOG_MISSING',
      reason: /linux\/amd64: it does not contain a transparency log entry/,
      cosign: 'refuses',
    },
    {
      name: 'a signed statement that was altered',
      make: async (image) =>
        alterBundles(stack.registry, image, ({ dsseEnvelope }) => {
          const text = Buffer.from(dsseEnvelope.payload, 'base64').toString();
          dsseEnvelope.payload = Buffer.from(`${text} `).toString('base64');
        }),
      code: 'VERIFY_SIGNATURE_INVALID',
      reason: /linux\/amd64: the signature does not verify: DSSE payload hash mismatch/,
      cosign: 'refuses',
    },
    {
      name: 'certificates that had expired when they were logged',
      make: () => loggedAt(11 * 60),
      code: 'VERIFY_SIGNATURE_INVALID',
      reason: /certificate is not valid or expired at the specified date/,
      cosign: 'refuses',
    },
  ];
}

function shapeOf(
  name: string,
  predicateType: string,
  more: Partial<RequirementArgs> = {},
): Shape<BuildkitImage> {
  return {
    name,
    make: async () => copyOf(stack.registry, signed),
    requirement: () => ({
      name: 'build',
      predicateType,
      identities: [
        dockerGithubBuilder({ repository: 'octo-org/octo-repo', ref: 'refs/heads/main' }),
      ],
      ...more,
    }),
    trustedRoot: () => stack.trustedRoot,
    cosign,
  };
}

const BUILD_TYPE =
  'https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md';

describeShape(
  shapeOf('BuildKit, provenance', 'slsaprovenance1', {
    condition:
      `predicate.buildDefinition.buildType == '${BUILD_TYPE}' && ` +
      "predicate.runDetails.builder.id.startsWith('https://github.com/octo-org/octo-repo/actions/runs/')",
  }),
  [
    ...siblingsOf(PROVENANCE),
    {
      name: 'the builder of another run',
      make: () => sign(copyOf(stack.registry, otherRun)),
      code: 'VERIFY_CONDITION_UNMET',
      reason: /linux\/amd64: it does not meet the condition/,
      cosign: 'accepts',
    },
  ],
);

describeShape(shapeOf('BuildKit, SBOM', 'spdxjson'), siblingsOf(SBOM));
