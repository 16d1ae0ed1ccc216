import { bundleToJSON, type SerializedBundle } from '@sigstore/bundle';
import { attachArtifactToImage } from '@sigstore/oci';
import { DSSEBundleBuilder, FulcioSigner, RekorWitness, TSAWitness } from '@sigstore/sign';

import type { RunningRegistry } from '../../../dev/registry';
import { GITHUB_ISSUER, type RunningSigstore } from '../../../dev/sigstore';
import type { PushedImage } from '../../interop/support/images';
import { CLAIMS as REUSABLE_CLAIMS } from '../../provenance/support/github-job';

const REF = 'refs/tags/v1.2.0';
const WORKFLOW = `octo-org/octo-repo/.github/workflows/release.yml@${REF}`;

/** The claims of a job in a workflow of the repository itself, for a tag. */
export const CLAIMS = {
  ...REUSABLE_CLAIMS,
  job_workflow_ref: WORKFLOW,
  job_workflow_sha: REUSABLE_CLAIMS.sha,
  workflow_ref: WORKFLOW,
  ref: REF,
};
export type JobClaims = typeof CLAIMS;
export const PROVENANCE = 'https://slsa.dev/provenance/v1';
export const BUILD_TYPE = 'https://actions.github.io/buildtypes/workflow/v1';

/** The statement of `actions/attest` (`@actions/attest`, src/provenance.ts) of a job. */
export function statementOf(image: PushedImage, claims: JobClaims) {
  const repository = `https://github.com/${claims.repository}`;
  const [path = '', ref = ''] = claims.workflow_ref
    .slice(`${claims.repository}/`.length)
    .split('@');
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: image.repository, digest: { sha256: image.digest.slice('sha256:'.length) } }],
    predicateType: PROVENANCE,
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: { workflow: { ref, repository, path } },
        internalParameters: {
          github: {
            event_name: claims.event_name,
            repository_id: claims.repository_id,
            repository_owner_id: claims.repository_owner_id,
            runner_environment: claims.runner_environment,
          },
        },
        resolvedDependencies: [
          { uri: `git+${repository}@${claims.ref}`, digest: { gitCommit: claims.sha } },
        ],
      },
      runDetails: {
        builder: { id: `https://github.com/${claims.job_workflow_ref}` },
        metadata: {
          invocationId: `${repository}/actions/runs/${claims.run_id}/attempts/${claims.run_attempt}`,
        },
      },
    },
  };
}
export type GithubStatement = ReturnType<typeof statementOf>;

/** `public`: the public instance, with a log; `private`: GitHub's own for private repositories, with timestamps only. */
export type GithubInstance = 'public' | 'private';

/**
 * Signs a statement with the library that `actions/attest` uses, with the identity token of the job.
 *
 * @param authority another Fulcio than that of the instance
 */
export async function sign(
  sigstore: RunningSigstore,
  statement: object,
  claims: JobClaims,
  instance: GithubInstance = 'public',
  authority: RunningSigstore = sigstore,
): Promise<SerializedBundle> {
  const { rekorUrl, tsaUrl } = sigstore;
  const { fulcioUrl, issuer } = authority;
  const getToken = async () => issuer.token({ claims });
  const signer = new FulcioSigner({
    fulcioBaseURL: fulcioUrl,
    identityProvider: { getToken },
  });
  const witness =
    instance === 'public'
      ? new RekorWitness({ rekorBaseURL: rekorUrl, entryType: 'dsse' })
      : new TSAWitness({ tsaBaseURL: new URL(tsaUrl).origin });
  const bundle = await new DSSEBundleBuilder({ signer, witnesses: [witness] }).create({
    data: Buffer.from(JSON.stringify(statement)),
    type: 'application/vnd.in-toto+json',
  });
  return bundleToJSON(bundle);
}

const CREDENTIALS = { username: 'robot', password: 'canary-registry-password' };

/** Pushes a bundle with the library that `actions/attest` uses (src/attest.ts). */
export async function attach(
  { settings }: RunningRegistry,
  image: PushedImage,
  bundle: SerializedBundle,
  predicateType: string,
): Promise<void> {
  // The library requires a registry with a login.
  settings.auth = { kind: 'basic', users: { [CREDENTIALS.username]: CREDENTIALS.password } };
  try {
    await attachArtifactToImage({
      credentials: CREDENTIALS,
      imageName: image.repository,
      imageDigest: image.digest,
      artifact: Buffer.from(JSON.stringify(bundle)),
      mediaType: bundle.mediaType,
      annotations: {
        'dev.sigstore.bundle.content': 'dsse-envelope',
        'dev.sigstore.bundle.predicateType': predicateType,
      },
    });
  } finally {
    settings.auth = { kind: 'none' };
  }
}

export { GITHUB_ISSUER };
