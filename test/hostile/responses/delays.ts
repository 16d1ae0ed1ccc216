import type { HostileResponse } from '../support/hostile-response';
import type { Scene } from '../support/scene';

/** Each response arrives in time, but all together exceed the deadline. */
const STEPS = 10;
const STEP_MS = 60;
const DEADLINE = 1_500;

/** All manifests and blobs except the image itself arrive byte by byte, complete and correct. */
async function drip(scene: Scene): Promise<void> {
  const origin = await scene.elsewhere((request, response) => {
    const reference = request.url?.split('/').at(-1) ?? '';
    const manifest = scene.store.getManifest(scene.path, reference);
    const bytes = manifest?.bytes ?? scene.store.getBlob(scene.path, reference);
    if (!bytes) return void response.writeHead(404).end();
    response.writeHead(200, {
      'content-type': manifest?.mediaType ?? 'application/octet-stream',
      'content-length': String(bytes.length),
    });
    let step = 0;
    const timer = setInterval(() => {
      const size = Math.ceil(bytes.length / STEPS);
      response.write(bytes.subarray(step * size, (step + 1) * size));
      step += 1;
      if (step === STEPS) response.end();
    }, STEP_MS);
    response.on('close', () => clearInterval(timer));
  });
  scene.answer(({ method, path }) =>
    method === 'GET' && /\/(manifests|blobs)\//.test(path) && !path.endsWith(scene.image.digest)
      ? { status: 307, headers: { location: `${origin}${path}` } }
      : undefined,
  );
}

const addSignatures = async (scene: Scene): Promise<void> => {
  for (let signed = 0; signed < 14; signed += 1) {
    await scene.sign([scene.image], scene.untrustedSigner());
  }
};

/** Operations that would exceed any deadline in total, although each response is in time. */
export const DELAY_CASES: readonly HostileResponse[] = [
  ...(['verify', 'refresh'] as const).map((operation): HostileResponse => ({
    name: `very many signatures that arrive byte by byte (${operation})`,
    operation,
    deadline: DEADLINE,
    inject: async (scene) => {
      await addSignatures(scene);
      await drip(scene);
    },
    expect: 'VERIFY_INCONCLUSIVE',
  })),
  {
    name: 'a tag with very many signatures that arrive byte by byte',
    format: 'legacy',
    deadline: DEADLINE,
    inject: async (scene) => {
      // The valid one is the first in the list and would be read in time, so it is moved to the end.
      const { layers } = scene.json(scene.sigTag) as unknown as { layers: readonly unknown[] };
      await addSignatures(scene);
      const tag = scene.json(scene.sigTag) as unknown as { layers: readonly unknown[] };
      const last = [...tag.layers.slice(layers.length), ...layers];
      const bytes = Buffer.from(JSON.stringify({ ...tag, layers: last }));
      const { mediaType } = scene.stored(scene.sigTag);
      scene.store.putManifest(scene.path, { mediaType, bytes }, { tag: scene.sigTag });
      await drip(scene);
    },
    expect: 'VERIFY_INCONCLUSIVE',
  },
  {
    name: 'a late response to each write',
    operation: 'sign',
    deadline: DEADLINE,
    inject: ({ lab }) => {
      lab.registry.settings.faults = ({ method }) =>
        new Promise((resolve) =>
          setTimeout(resolve, method === 'GET' ? 0 : STEPS * STEP_MS, undefined),
        );
    },
    expect: 'REGISTRY_UNAVAILABLE',
  },
];
