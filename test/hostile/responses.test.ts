import { pinned } from '../../src/oci';
import { type Lab, openLab } from '../verify/support/lab';
import { CASES } from './responses';
import { perform } from './support/operations';
import { withinMemory } from './support/limits';
import { Scene } from './support/scene';
import { recordCounts } from './support/tally';

let lab: Lab;
const baseline = { fulcio: {}, rekor: {}, registry: {} };
const injected: string[] = [];
const refused: string[] = [];

beforeAll(async () => {
  lab = await openLab();
  Object.assign(baseline, {
    fulcio: { ...lab.sigstore.settings.fulcio },
    rekor: { ...lab.sigstore.settings.rekor },
    registry: { ...lab.registry.settings },
  });
});

afterEach(() => {
  Object.assign(lab.sigstore.settings.fulcio, baseline.fulcio);
  Object.assign(lab.sigstore.settings.rekor, baseline.rekor);
  Object.assign(lab.registry.settings, baseline.registry);
});

afterAll(async () => {
  await lab.close();
  recordCounts(injected.length, refused.length);
});

test('each case has a unique name', () => {
  const names = CASES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test.each(CASES)('$name', async (hostile) => {
  const scene = await Scene.open(lab, hostile);
  try {
    const truth = await perform('verify', scene);
    expect(truth).toEqual({ imageRef: pinned(scene.repository, scene.image.digest) });

    injected.push(hostile.name);
    await hostile.inject(scene);
    const outcome = await withinMemory(() => perform(hostile.operation ?? 'verify', scene));
    if (hostile.expect === 'ignored') {
      expect(outcome).toEqual({ imageRef: pinned(scene.repository, scene.image.digest) });
    } else {
      const codes = typeof hostile.expect === 'string' ? [hostile.expect] : hostile.expect;
      expect(outcome).toEqual({ code: expect.stringMatching(`^(${codes.join('|')})$`) });
    }
    await hostile.after?.(scene);
    refused.push(hostile.name);
  } finally {
    await scene.close();
  }
});
