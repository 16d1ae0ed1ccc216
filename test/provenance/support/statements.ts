import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseDigest, parseReference } from '../../../src/oci';
import { provenanceOf } from '../../../src/pulumi/plugin/inputs/declared-provenance';
import { detectSource, type SourceFacts } from '../../../src/source';
import { environmentIn, type EventName, recorded } from '../../source/ci/recorded';

const outside = mkdtempSync(join(realpathSync(tmpdir()), 'signed-image-provenance-'));

export function removeFolders(): void {
  rmSync(outside, { recursive: true, force: true });
}

/** Returns the facts that are found in the recorded environment of an event. */
export function factsOf(system: string, event: EventName): Promise<SourceFacts> {
  const env = environmentIn(join(outside, system, event), recorded(system, event));
  return detectSource({ cwd: outside, env: { ...env, GIT_CEILING_DIRECTORIES: tmpdir() } });
}

/** Returns the statement that the plugin signs for a build with these facts. */
export function statementOf(image: { repository: string; digest: string }, facts: SourceFacts) {
  const statement = provenanceOf(parseDigest(image.digest), {
    repository: parseReference(image.repository).repository,
    declared: { parameters: { team: 'a' } },
    facts,
    build: {
      builder: 'auto',
      usedBuilder: 'buildx',
      tag: 'v1',
      context: 'services/app',
      dockerfile: 'services/app/Dockerfile',
      dockerfileDigest: `sha256:${'d'.repeat(64)}`,
      contextDigest: `sha256:${'e'.repeat(64)}`,
      args: { VERSION: '1' },
      platforms: ['linux/amd64'],
      startedOn: '2026-01-01T00:00:00Z',
      finishedOn: '2026-01-01T00:01:00.250Z',
    },
  });
  if (!statement) throw new Error('no provenance for a build');
  return statement;
}
