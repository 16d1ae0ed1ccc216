import { OCI_INDEX, OCI_MANIFEST } from '../../../src/oci';
import { pushImage } from '../../verify/support/lab';
import type { Lie } from '../support/lie';
import { type LegacyLayer, nowhere, type Scene } from '../support/scene';

const INVALID = 'VERIFY_SIGNATURE_INVALID';
const SIGNATURE = 'dev.cosignproject.cosign/signature';
const CERTIFICATE = 'dev.sigstore.cosign/certificate';
const BUNDLE = 'dev.sigstore.cosign/bundle';

const layer = (change: (layer: LegacyLayer) => unknown) => (scene: Scene) =>
  scene.alterLayers(change);
const payload = (change: (text: string) => string) =>
  layer((one) => (one.payload = Buffer.from(change(one.payload.toString('utf8')))));
const annotation = (name: string, change: (value: string) => string) =>
  layer((one) => (one.annotations[name] = change(one.annotations[name] ?? '')));

/** Altered layers of a `.sig` tag, whoever signed. */
const ALTERED: Readonly<Record<string, (scene: Scene) => unknown>> = {
  'an annotation in the payload': payload((text) => text.replace('"commit":"1', '"commit":"2')),
  'the digest in the payload': payload((text) => text.replace(/sha256:[0-9a-f]{4}/, 'sha256:0000')),
  'the digest in the payload in capitals': payload((text) =>
    text.replace(/sha256:[0-9a-f]+/, (digest) => `sha256:${digest.slice(7).toUpperCase()}`),
  ),
  'a payload with a byte order mark': payload((text) => `\ufeff${text}`),
  'a payload with a NUL after it': payload((text) => `${text}\0`),
  'a payload with a line end after it': payload((text) => `${text}\n`),
  'a payload with its image named twice': payload((text) =>
    text.replace('"image":', '"image":{},"image":'),
  ),
  'a payload of another type': payload((text) =>
    text.replace('cosign container', 'atomic container'),
  ),
  'a payload that is a list': payload((text) => `[${text}]`),
  'a payload without an image': payload((text) => text.replace('"image"', '"imago"')),
  'an empty payload': payload(() => ''),
  'no signature': layer((one) => Reflect.deleteProperty(one.annotations, SIGNATURE)),
  'a signature that is no base64': annotation(SIGNATURE, () => '***'),
  'a signature with bytes after it': annotation(SIGNATURE, (text) =>
    Buffer.concat([Buffer.from(text, 'base64'), Buffer.from('x')]).toString('base64'),
  ),
};

/** Altered log entries of a keyless layer. */
const ENTRIES: Readonly<Record<string, readonly [(scene: Scene) => unknown, Lie['expect']]>> = {
  'the log entry stripped': [
    layer((one) => Reflect.deleteProperty(one.annotations, BUNDLE)),
    'VERIFY_LOG_MISSING',
  ],
  'the log entry is no JSON': [annotation(BUNDLE, () => '{'), INVALID],
  'the log entry names its payload twice': [
    annotation(BUNDLE, (text) => text.replace('"Payload":', '"Payload":{},"Payload":')),
    INVALID,
  ],
  'the promise of the log stripped': [
    annotation(BUNDLE, (text) =>
      text.replace(/"SignedEntryTimestamp":"[^"]*"/, '"SignedEntryTimestamp":""'),
    ),
    [INVALID, 'VERIFY_LOG_MISSING'],
  ],
  'an index beyond all numbers': [
    annotation(BUNDLE, (text) => text.replace(/"logIndex":\d+/, '"logIndex":1e999')),
    INVALID,
  ],
  'an index that is rounded': [
    annotation(BUNDLE, (text) => text.replace(/"logIndex":\d+/, '"logIndex":9007199254740993')),
    INVALID,
  ],
  'a negative time': [
    annotation(BUNDLE, (text) => text.replace(/"integratedTime":/, '"integratedTime":-')),
    INVALID,
  ],
  'a log id in capitals': [
    annotation(BUNDLE, (text) =>
      text.replace(/"logID":"[0-9a-f]+"/, (id) => id.toUpperCase().replace('LOGID', 'logID')),
    ),
    INVALID,
  ],
  'a certificate that is no PEM': [annotation(CERTIFICATE, () => 'x'), INVALID],
  'the certificate stripped': [
    layer((one) => Reflect.deleteProperty(one.annotations, CERTIFICATE)),
    [INVALID, 'VERIFY_SIGNER_MISMATCH'],
  ],
};

/** A tag with more layers than ours, all of them of that size. */
function crowd(scene: Scene, count: number, blob: Buffer): void {
  const manifest = scene.json(scene.sigTag);
  const [ours] = manifest['layers'] as unknown as LegacyLayer[];
  if (!ours) throw new Error('no layer');
  const digest = scene.store.putBlob(scene.path, blob);
  const others = Array.from({ length: count }, (_, at) => ({
    ...ours,
    digest,
    size: blob.length,
    annotations: { [SIGNATURE]: 'AAAA', at: String(at) },
  }));
  scene.putSig({ ...manifest, layers: [...others, ours] });
}

export const LEGACY_LIES: readonly Lie[] = [
  ...Object.entries(ALTERED).map(([name, tell]): Lie => ({
    name: `.sig: ${name}`,
    format: 'legacy',
    tell,
    expect: INVALID,
  })),
  ...Object.entries(ENTRIES).map(([name, [tell, expect]]): Lie => ({
    name: `.sig: ${name}`,
    format: 'legacy',
    signer: 'keyless',
    tell,
    expect,
  })),
  {
    name: '.sig: the payload of another image',
    format: 'legacy',
    tell: async (scene) => {
      const { bytes } = scene.stored(scene.sigTag);
      scene.image = await pushImage(scene.lab, scene.repository);
      scene.putSig(bytes);
    },
    expect: INVALID,
  },
  {
    name: '.sig: a layer of another media type',
    format: 'legacy',
    tell: layer((one) => (one.mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip')),
    expect: 'VERIFY_UNSIGNED',
  },
  {
    name: '.sig: a layer that is not there',
    format: 'legacy',
    tell: (scene) => {
      const manifest = scene.json(scene.sigTag);
      const [one] = manifest['layers'] as unknown as LegacyLayer[];
      scene.putSig({ ...manifest, layers: [{ ...one, digest: nowhere('layer') }] });
    },
    expect: INVALID,
  },
  {
    name: '.sig: a layer that is said to have a terabyte',
    format: 'legacy',
    tell: (scene) => {
      const manifest = scene.json(scene.sigTag);
      const [one] = manifest['layers'] as unknown as LegacyLayer[];
      scene.putSig({ ...manifest, layers: [{ ...one, size: 2 ** 40 }] });
    },
    expect: INVALID,
  },
  {
    name: '.sig: 1,001 layers',
    format: 'legacy',
    tell: (scene) => crowd(scene, 1000, Buffer.from('{}')),
    expect: 'VERIFY_INCONCLUSIVE',
  },
  {
    name: '.sig: 999 foreign layers before ours',
    format: 'legacy',
    tell: (scene) => crowd(scene, 999, Buffer.from('{}')),
    expect: 'ignored',
  },
  {
    name: '.sig: giant layers by the hundred before ours',
    format: 'legacy',
    tell: (scene) => crowd(scene, 300, Buffer.alloc(16 * 1024 * 1024, ' ')),
    expect: 'ignored',
  },
  {
    name: '.sig: an index instead of a list of layers',
    format: 'legacy',
    tell: (scene) =>
      scene.putSig({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] }, OCI_INDEX),
    expect: INVALID,
  },
  {
    name: '.sig: image and index at once',
    format: 'legacy',
    tell: (scene) => scene.putSig({ ...scene.json(scene.sigTag), manifests: [] }, OCI_MANIFEST),
    expect: INVALID,
  },
  {
    name: '.sig: the tag taken away',
    format: 'legacy',
    asks: 'refresh',
    tell: (scene) => scene.store.deleteManifest(scene.path, scene.sigTag),
    expect: 'VERIFY_UNSIGNED',
  },
  {
    name: '.sig: a web page instead of the tag',
    format: 'legacy',
    asks: 'refresh',
    tell: (scene) =>
      scene.answerAt(`manifests/${scene.sigTag}`, {
        status: 404,
        headers: { 'content-type': 'text/html' },
        body: '<html>no such page</html>',
      }),
    expect: 'VERIFY_INCONCLUSIVE',
  },
  {
    name: 'downgrade: the bundle taken away, a stranger in the .sig tag',
    tell: async (scene) => {
      for (const digest of scene.referrers()) scene.store.deleteManifest(scene.path, digest);
      await scene.sign([scene.image], scene.stranger(), 'legacy');
    },
    expect: 'VERIFY_UNSIGNED',
  },
  {
    name: 'downgrade: any format is taken, and a stranger is in the .sig tag',
    policy: 'any',
    tell: async (scene) => {
      for (const digest of scene.referrers()) scene.store.deleteManifest(scene.path, digest);
      await scene.sign([scene.image], scene.stranger(), 'legacy');
    },
    expect: ['VERIFY_UNSIGNED', 'VERIFY_SIGNER_MISMATCH'],
  },
  {
    name: 'downgrade: one format of both taken away',
    format: 'both',
    tell: (scene) => {
      for (const digest of scene.referrers()) scene.store.deleteManifest(scene.path, digest);
    },
    expect: 'VERIFY_UNSIGNED',
  },
  {
    name: 'any format is taken, and one of both is taken away',
    format: 'both',
    policy: 'any',
    tell: (scene) => {
      for (const digest of scene.referrers()) scene.store.deleteManifest(scene.path, digest);
    },
    expect: 'ignored',
  },
];
