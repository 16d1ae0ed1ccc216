import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Converts a state of the local engine to the output of `pulumi stack export`, which has the same
 * resources under `deployment`.
 */
export function asStackExport(localState: string, time = '2026-11-27T03:45:00Z'): string {
  const { resources } = JSON.parse(localState) as { readonly resources?: readonly object[] };
  // The output of the real CLI is an export already.
  if (resources === undefined) return localState;
  const deployment = { manifest: { time, magic: '', version: 'v3.200.0' }, resources };
  return JSON.stringify({ version: 3, deployment });
}

/**
 * The export of a stack on the local engine, recorded by test/engine/report.test.ts with
 * `RECORD_REPORT_STATE`: an index that was built, an existing image signed with an identity, an
 * image whose signatures were deleted, and one whose verification failed.
 */
export function recordedStack(): string {
  return asStackExport(readFileSync(join(__dirname, '..', 'recorded', 'state.json'), 'utf8'));
}
