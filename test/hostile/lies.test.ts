import { pinned } from '../../src/oci';
import { type Lab, openLab } from '../verify/support/lab';
import { LIES } from './lies';
import { ask } from './support/asking';
import { withinMemory } from './support/limits';
import { Scene } from './support/scene';
import { tallyLies } from './support/tally';

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
  tallyLies(told.length, refused.length);
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
