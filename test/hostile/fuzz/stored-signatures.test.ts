import type { SerializedBundle } from '@sigstore/bundle';
import fc from 'fast-check';

import { parseStatement, signatureStatement, subjectsOf } from '../../../src/attest';
import { type Digest, digestOf, OCI_MANIFEST } from '../../../src/oci';
import { parseSimpleSigning } from '../../../src/storage';
import { parseLegacyManifest } from '../../../src/storage/legacy-manifest';
import { inspectImage } from '../../../src/verify';
import type { HostileResponse } from '../support/hostile-response';
import { type Lab, openLab } from '../../verify/support/lab';
import { Scene } from '../support/scene';
import { expectRobust, mutated, mutatedJson, nastyText, RUNS } from './support/robust';

const DIGEST = digestOf(Buffer.from('an image'));
const REPOSITORY = { registry: 'registry.example.com', path: 'team/app' };

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

const baseline: HostileResponse = { name: 'none', inject: () => undefined, expect: 'ignored' };

test('statements', async () => {
  const statement = signatureStatement(REPOSITORY, DIGEST, { commit: '1' });
  await expectRobust(mutatedJson(statement), (bytes) => subjectsOf(parseStatement(bytes), DIGEST));
});

test('simple signing payloads', async () => {
  const payload = {
    critical: {
      identity: { 'docker-reference': 'registry.example.com/team/app' },
      image: { 'docker-manifest-digest': DIGEST },
      type: 'cosign container image signature',
    },
    optional: { commit: '1' },
  };
  await expectRobust(mutatedJson(payload), parseSimpleSigning);
});

/** The content that an honest signer stored; the report is created with any other content. */
function report(scene: Scene) {
  return inspectImage(scene.repository, scene.image.digest, scene.policy, scene.client);
}

function bundlesOf(scene: Scene): readonly unknown[] {
  return scene.referrers().map((digest) => {
    const [layer] = scene.json(digest)['layers'] as unknown as { digest: string }[];
    return JSON.parse(String(scene.store.getBlob(scene.path, layer?.digest ?? ''))) as unknown;
  });
}

describe.each(['key', 'logged key', 'keyless'] as const)('signed by %s', (signer) => {
  test('a bundle that was changed in any way ends in a report', async () => {
    const scene = await Scene.open(lab, { ...baseline, signer });
    const [bundle] = bundlesOf(scene);
    const loose = { ...scene.policy, transparency: 'none' as const };
    await expectRobust(mutatedJson(bundle), async (bytes) => {
      scene.alterBundle(() => bytes);
      await report(scene);
      if (signer !== 'keyless') {
        await inspectImage(scene.repository, scene.image.digest, loose, scene.client);
      }
    });
    await scene.close();
  });

  test('a bundle with a changed statement never verifies', async () => {
    const scene = await Scene.open(lab, { ...baseline, signer });
    const [bundle] = bundlesOf(scene) as [SerializedBundle & { dsseEnvelope: { payload: string } }];
    const signed = Buffer.from(bundle.dsseEnvelope.payload, 'base64');
    const statement: unknown = JSON.parse(signed.toString('utf8'));
    await expectRobust(mutatedJson(statement), async (payload) => {
      const dsseEnvelope = { ...bundle.dsseEnvelope, payload: payload.toString('base64') };
      scene.alterBundle(() => Buffer.from(JSON.stringify({ ...bundle, dsseEnvelope })));
      const { verified } = await report(scene);
      expect(verified).toBe(payload.equals(signed));
    });
    await scene.close();
  });

  test('a referrer manifest that was changed in any way ends in a report', async () => {
    const scene = await Scene.open(lab, { ...baseline, signer });
    const [digest = ''] = scene.referrers();
    const manifest = scene.json(digest);
    await expectRobust(mutatedJson(manifest), async (bytes) => {
      const stored = scene.store.putManifest(scene.path, { mediaType: OCI_MANIFEST, bytes });
      const size = bytes.length;
      scene.answerReferrers(scene.list([{ mediaType: OCI_MANIFEST, digest: stored, size }]));
      await report(scene);
    });
    await scene.close();
  });

  test('a layer of a tag that was changed in any way ends in a report', async () => {
    const scene = await Scene.open(lab, { ...baseline, signer, format: 'legacy' });
    const manifest = scene.json(scene.sigTag);
    const [layer] = manifest['layers'] as unknown as { annotations: Record<string, string> }[];
    const parts = Object.fromEntries(
      Object.entries(layer?.annotations ?? {}).map(([name, text]) => {
        try {
          return [name, JSON.parse(text) as unknown];
        } catch {
          return [name, text];
        }
      }),
    );
    const annotations = mutated(parts).map((value) =>
      Object.fromEntries(
        Object.entries(Object(value) as object).map(([name, part]) => [
          name,
          typeof part === 'string' ? part : (JSON.stringify(part) ?? ''),
        ]),
      ),
    );
    await expectRobust(
      fc.oneof(annotations, fc.dictionary(nastyText, nastyText)),
      async (changed) => {
        scene.putSig({ ...manifest, layers: [{ ...layer, annotations: changed }] });
        await report(scene);
      },
    );
    await expectRobust(mutatedJson(manifest), async (bytes) => {
      parseLegacyManifest(bytes, OCI_MANIFEST);
      scene.putSig(bytes);
      await report(scene);
    });
    await scene.close();
  });
});

test('an index that was changed in any way ends in a report or is refused', async () => {
  const scene = await Scene.open(lab, { ...baseline, shape: 'index' });
  const index = scene.json(scene.image.digest);
  await expectRobust(
    mutatedJson(index),
    async (bytes) => {
      scene.pose(bytes, 'application/vnd.oci.image.index.v1+json');
      const { verified } = await report(scene);
      // Its bytes differ, and are not signed.
      expect(verified).toBe(bytes.equals(Buffer.from(JSON.stringify(index))));
    },
    RUNS / 3,
  );
  await scene.close();
});

test('a valid signature verifies next to any other content', async () => {
  const scene = await Scene.open(lab, baseline);
  const [bundle] = bundlesOf(scene);
  const [ours] = scene.listing();
  const [digest = ''] = scene.referrers();
  const template = scene.json(digest);
  await expectRobust(mutatedJson(bundle), async (bytes) => {
    const layer = {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      size: bytes.length,
    };
    const layers = [{ ...layer, digest: scene.store.putBlob(scene.path, bytes) }];
    const manifest = Buffer.from(JSON.stringify({ ...template, layers }));
    const stored: Digest = digestOf(manifest);
    scene.store.putManifest(scene.path, { mediaType: OCI_MANIFEST, bytes: manifest });
    const foreign = { mediaType: OCI_MANIFEST, digest: stored, size: manifest.length };
    scene.answerReferrers(scene.list([foreign, ours]));
    const { verified } = await report(scene);
    expect(verified).toBe(true);
  });
  await scene.close();
});
