import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { GITHUB_ISSUER } from '../../../dev/sigstore';
import {
  githubProvenanceStatement,
  type ProvenancePredicate,
  type Statement as AttestedStatement,
} from '../../../src/attest';
import { parseDigest, parseReference, type RegistryClient } from '../../../src/oci';
import {
  createSigningMaterial,
  processHost,
  signImage,
  type SigningHost,
  type SigningInputs,
} from '../../../src/sign';
import { parseGithubClaims } from '../../../src/source';
import type { PushedImage } from '../../interop/support/images';
import type { Stack } from '../../interop/support/stack';

/**
 * A builder whose statements of GitHub's build type slsa-verifier accepts: it has a fixed list of such workflows, all of
 * which are reusable ones (`buildTypeMap` of slsa-verifier v2.7.1).
 */
export const BUILDER =
  'https://github.com/bazel-contrib/.github/.github/workflows/release_ruleset.yaml';
const RELEASE = 'refs/tags/v1.2.0';

export const CLAIMS = {
  iss: GITHUB_ISSUER,
  sub: `repo:octo-org/octo-repo:ref:${RELEASE}`,
  job_workflow_ref: `${BUILDER.slice('https://github.com/'.length)}@refs/tags/v7.2.3`,
  job_workflow_sha: 'c'.repeat(40),
  workflow_ref: `octo-org/octo-repo/.github/workflows/release.yml@${RELEASE}`,
  workflow_sha: '8d2a64a5b8e9f8f0c1e3b4a5d6c7e8f901234567',
  workflow: 'release',
  event_name: 'push',
  repository: 'octo-org/octo-repo',
  repository_id: '74',
  repository_owner: 'octo-org',
  repository_owner_id: '65',
  repository_visibility: 'public',
  ref: RELEASE,
  sha: '8d2a64a5b8e9f8f0c1e3b4a5d6c7e8f901234567',
  runner_environment: 'github-hosted',
  run_id: '1234567890',
  run_attempt: '1',
};
/** The claims that differ by event. A pull request of a fork never gets a token. */
export const EVENT_CLAIMS = {
  push: { ref: 'refs/heads/main', event_name: 'push' },
  tag: { ref: RELEASE, event_name: 'push' },
  'pull-request': { ref: 'refs/pull/5/merge', event_name: 'pull_request', head_ref: 'feature' },
  manual: { ref: 'refs/heads/main', event_name: 'workflow_dispatch' },
  scheduled: { ref: 'refs/heads/main', event_name: 'schedule' },
} as const;

export function claimsOf(event: keyof typeof EVENT_CLAIMS): typeof CLAIMS {
  const { ref, ...rest } = EVENT_CLAIMS[event];
  const workflow = `octo-org/octo-repo/.github/workflows/release.yml@${ref}`;
  return { ...CLAIMS, ...rest, ref, workflow_ref: workflow };
}

export const IDENTITY = `https://github.com/${CLAIMS.job_workflow_ref}`;
export interface GithubServices {
  readonly stack: Stack;
  readonly client: RegistryClient;
}

export type Statement = AttestedStatement<ProvenancePredicate>;

export function statementOf({ repository, digest }: PushedImage, changed = {}): Statement {
  const claims = parseGithubClaims({ ...CLAIMS, ...changed });
  if (!claims) throw new Error('a claim is missing');
  const job = { server: 'https://github.com', claims };
  return githubProvenanceStatement(parseDigest(digest), parseReference(repository).repository, job);
}

/** Signs a statement with the identity token of the job, and returns its bundle as a file. */
export async function signedBundle(
  { stack, client }: GithubServices,
  image: PushedImage,
  provenance: Statement,
  claims = CLAIMS,
): Promise<string> {
  const host: SigningHost = {
    ...processHost(),
    env: { GITHUB_ACTIONS: 'true', ...stack.sigstore.issuer.actionsEnvironment(claims) },
  };
  const { fulcioUrl, rekorUrl } = stack.sigstore;
  const config: SigningInputs = {
    keyless: { provider: 'github-actions' },
    sigstore: { fulcioUrl, rekorUrl },
  };
  const material = await createSigningMaterial(config, host);
  const { repository } = parseReference(image.repository);
  const { mediaType, digest, size } = image;
  const manifest = { mediaType, digest: parseDigest(digest), size };
  const targets = [{ manifest, annotations: {}, provenance }];
  const bundles: string[] = [];
  await signImage({ repository, targets, format: 'bundle', material }, client, undefined, {
    observer: {
      writing: () => undefined,
      settled: ({ purpose, bundle }) => {
        if (purpose === 'provenance') bundles.push(JSON.stringify(bundle));
      },
    },
  });
  const path = join(stack.folder, `${digest.slice(-12)}.sigstore.json`);
  await writeFile(path, bundles[0] ?? '');
  return path;
}
