import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { pinned } from '../../src/oci';
import { type Lab, openLab } from '../verify/support/lab';
import { LIES } from './lies';
import { ask } from './support/asking';
import { withinMemory } from './support/limits';
import { Scene } from './support/scene';

let lab: Lab;
const honest = { fulcio: {}, rekor: {}, registry: {} };
const told: string[] = [];
const refused: string[] = [];

beforeAll(async () => {
  lab = await openLab();
  Object.assign(honest, {
    fulcio: { ...lab.sigstore.settings.fulcio },
    rekor: { ...lab.sigstore.settings.rekor },
    registry: { ...lab.registry.settings },
  });
});

afterEach(() => {
  Object.assign(lab.sigstore.settings.fulcio, honest.fulcio);
  Object.assign(lab.sigstore.settings.rekor, honest.rekor);
  Object.assign(lab.registry.settings, honest.registry);
});

afterAll(async () => {
  await lab.close();
  // dev/setup/tasks.mjs names the file, and ends with a line that it makes of it.
  const file = process.env['LIES_TALLY'];
  if (file === undefined) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ lies: told.length, refused: refused.length }));
});

test('no two lies have the same name', () => {
  const names = LIES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test.each(LIES)('$name', async (lie) => {
  const scene = await Scene.open(lab, lie);
  try {
    const truth = await ask('verify', scene);
    expect(truth).toEqual({ imageRef: pinned(scene.repository, scene.image.digest) });

    told.push(lie.name);
    await lie.tell(scene);
    const outcome = await withinMemory(() => ask(lie.asks ?? 'verify', scene));
    if (lie.expect === 'ignored') {
      expect(outcome).toEqual({ imageRef: pinned(scene.repository, scene.image.digest) });
    } else {
      const codes = typeof lie.expect === 'string' ? [lie.expect] : lie.expect;
      expect(outcome).toEqual({ code: expect.stringMatching(`^(${codes.join('|')})$`) });
    }
    await lie.after?.(scene);
    refused.push(lie.name);
  } finally {
    await scene.close();
  }
});
