import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { programPath } from '../../../dev/services/program-path';
import type { PushedImage } from '../../interop/support/images';
import type { Stack } from '../../interop/support/stack';
import { type ToolRun, runTool } from '../../interop/support/tools';
import type { CLAIMS } from './github-job';

/** Nothing but the registry of the test is reached: GitHub and the public Sigstore are refused at once. */
const OFFLINE = {
  HTTPS_PROXY: 'http://127.0.0.1:9',
  HTTP_PROXY: 'http://127.0.0.1:9',
  NO_PROXY: '127.0.0.1',
};

/**
 * Runs `gh attestation verify`, unmodified. It requires no login: `GH_TOKEN` is only checked for presence, and every
 * attestation comes from `--bundle` or from the registry.
 *
 * @param args the artifact, and further options
 */
export async function ghAttestationVerify(stack: Stack, args: readonly string[]): Promise<ToolRun> {
  const root = join(stack.folder, 'trusted_root.jsonl');
  // gh reads one trusted root from each line.
  const json: unknown = JSON.parse(await readFile(stack.trustedRoot, 'utf8'));
  await writeFile(root, `${JSON.stringify(json)}\n`);
  return runTool(
    programPath('gh', 'gh'),
    ['attestation', 'verify', ...args, '--custom-trusted-root', root, '--no-public-good'],
    {
      cwd: stack.folder,
      env: {
        ...OFFLINE,
        HOME: stack.folder,
        PATH: process.env['PATH'] ?? '',
        GH_TOKEN: 'not-a-token',
        GH_NO_UPDATE_NOTIFIER: '1',
      },
    },
  );
}

/** The artifact and the options with which a user requires this job, with the bundle from the registry. */
export function ghArguments(
  { reference }: PushedImage,
  claims: Pick<typeof CLAIMS, 'repository' | 'job_workflow_ref' | 'sha' | 'ref'>,
): readonly string[] {
  const { repository, job_workflow_ref: workflow, sha, ref } = claims;
  return [
    `oci://${reference}`,
    '--bundle-from-oci',
    ...['--repo', repository],
    ...['--signer-workflow', workflow.split('@')[0] ?? ''],
    ...['--source-digest', sha, '--source-ref', ref],
    '--deny-self-hosted-runners',
  ];
}
