import { setTimeout as delay } from 'node:timers/promises';

import type { Cell, MatrixCase } from '../support/cell';
import { call, get } from '../support/registry-reader';
import { startRetagging } from '../support/retagging';

const INTERVAL_MS = 5;
/** The tag may be set as the last step of a build. */
const LAST_PUSH_MS = 5_000;
const TAG = '1';

/** Pushes an image of another build to the repository, without a tag; returns its manifest. */
async function otherManifest(cell: Cell) {
  const name = `${cell.path}:other`;
  await cell.base({ name, files: { '/other': 'other' } });
  const { body, headers } = await get(cell.access, `${cell.path}/manifests/other`);
  return { body, contentType: String(headers['content-type']) };
}

/** Another build, which pushes to the tag of ours as soon as ours has pushed. */
async function startPushing(cell: Cell): Promise<{ stop(): Promise<boolean> }> {
  const { body, contentType } = await otherManifest(cell);
  const path = `${cell.path}/manifests/${TAG}`;
  let stopped = false;
  let pushed = false;
  const watching = (async () => {
    for (; !stopped && !pushed; await delay(INTERVAL_MS)) {
      if ((await call(cell.access, path, { method: 'HEAD' })).status !== 200) continue;
      const { status } = await call(cell.access, path, { method: 'PUT', body, contentType });
      pushed = status === 201;
    }
  })();
  return {
    stop: async () => {
      await Promise.race([watching, delay(LAST_PUSH_MS)]);
      stopped = true;
      await watching;
      return pushed;
    },
  };
}

async function tagIsNotSigned(cell: Cell): Promise<void> {
  const error = await cell.cosignError(`${cell.repository}:${TAG}`);
  expect(error).toMatch(/no signatures found|no matching/);
}

/** Other builds that use the same names at the same time. */
export const RACES: readonly MatrixCase[] = [
  {
    name: 'moved tag',
    sample: true,
    run: async (cell) => {
      cell.allowedImages.push(`${cell.repository}:${TAG}`);
      const other = await startPushing(cell);
      let hasPushed = false;
      try {
        expect((await cell.filesBuilt('', { tag: TAG })).files).toEqual({ hello: 'hello\n' });
      } finally {
        hasPushed = await other.stop();
      }
      expect(hasPushed).toBe(true);
      await cell.signNow();
      await tagIsNotSigned(cell);
    },
  },
  {
    name: 'retagged locally',
    sample: true,
    run: async (cell) => {
      const target = `${cell.repository}:${TAG}`;
      cell.allowedImages.push(target);
      const base = await cell.base({ files: { '/other': 'other' } });
      const other = await startRetagging(cell, base, target);
      try {
        const { files, image } = await cell.filesBuilt('', { tag: TAG });
        expect(files).toEqual({ hello: 'hello\n' });
        const { headers } = await get(cell.access, `${cell.path}/manifests/${TAG}`);
        expect(headers['docker-content-digest']).toBe(image.digest);
      } finally {
        expect(await other.stop()).toBeGreaterThan(0);
      }
    },
  },
];
