import { OCI_INDEX, OCI_MANIFEST } from '../../../src/oci';
import { pushImage } from '../../verify/support/lab';
import type { HostileResponse } from '../support/hostile-response';
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

/** Altered layers of a `.sig` tag, for any signer. */
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
const ENTRIES: Readonly<
  Record<string, readonly [(scene: Scene) => unknown, HostileResponse['expect']]>
> = {
  'a removed log entry': [
    layer((one) => Reflect.deleteProperty(one.annotations, BUNDLE)),
    'VERIFY_LOG_MISSING',
  ],
  'a log entry that is not JSON': [annotation(BUNDLE, () => '{'), INVALID],
  'a log entry with a duplicate payload': [
    annotation(BUNDLE, (text) => text.replace('"Payload":', '"Payload":{},"Payload":')),
    INVALID,
  ],
  'a removed signed entry timestamp': [
    annotation(BUNDLE, (text) =>
      text.replace(/"SignedEntryTimestamp":"[^"]*"/, '"SignedEntryTimestamp":""'),
    ),
    [INVALID, 'VERIFY_LOG_MISSING'],
  ],
  'an index out of range': [
    annotation(BUNDLE, (text) => text.replace(/"logIndex":\d+/, '"logIndex":1e999')),
    INVALID,
  ],
  'an index beyond the safe integers': [
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
  'a certificate that is not PEM': [annotation(CERTIFICATE, () => 'x'), INVALID],
  'a removed certificate': [
    layer((one) => Reflect.deleteProperty(one.annotations, CERTIFICATE)),
    [INVALID, 'VERIFY_SIGNER_MISMATCH'],
  ],
};

/** A tag with further layers, all of the same size. */
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

export const LEGACY_CASES: readonly HostileResponse[] = [
  ...Object.entries(ALTERED).map(([name, inject]): HostileResponse => ({
    name: `.sig: ${name}`,
    format: 'legacy',
    inject,
    expect: INVALID,
  })),
  ...Object.entries(ENTRIES).map(([name, [inject, expect]]): HostileResponse => ({
    name: `.sig: ${name}`,
    format: 'legacy',
    signer: 'keyless',
    inject,
    expect,
  })),
  {
    name: '.sig: the payload of another image',
    format: 'legacy',
    inject: async (scene) => {
      const { bytes } = scene.stored(scene.sigTag);
      scene.image = await pushImage(scene.lab, scene.repository);
      scene.putSig(bytes);
    },
    expect: INVALID,
  },
  {
    name: '.sig: a layer of another media type',
    format: 'legacy',
    inject: layer((one) => (one.mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip')),
    expect: 'VERIFY_UNSIGNED',
  },
  {
    name: '.sig: a missing layer',
    format: 'legacy',
    inject: (scene) => {
      const manifest = scene.json(scene.sigTag);
      const [one] = manifest['layers'] as unknown as LegacyLayer[];
      scene.putSig({ ...manifest, layers: [{ ...one, digest: nowhere('layer') }] });
    },
    expect: INVALID,
  },
  {
    name: '.sig: a layer with a declared size of a terabyte',
    format: 'legacy',
    inject: (scene) => {
      const manifest = scene.json(scene.sigTag);
      const [one] = manifest['layers'] as unknown as LegacyLayer[];
      scene.putSig({ ...manifest, layers: [{ ...one, size: 2 ** 40 }] });
    },
    expect: INVALID,
  },
  {
    name: '.sig: 1,001 layers',
    format: 'legacy',
    inject: (scene) => crowd(scene, 1000, Buffer.from('{}')),
    expect: 'VERIFY_INCONCLUSIVE',
  },
  {
    name: '.sig: 999 layers of other signers before ours',
    format: 'legacy',
    inject: (scene) => crowd(scene, 999, Buffer.from('{}')),
    expect: 'ignored',
  },
  {
    name: '.sig: hundreds of very large layers before ours',
    format: 'legacy',
    inject: (scene) => crowd(scene, 300, Buffer.alloc(16 * 1024 * 1024, ' ')),
    expect: 'ignored',
  },
  {
    name: '.sig: an index instead of a list of layers',
    format: 'legacy',
    inject: (scene) =>
      scene.putSig({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] }, OCI_INDEX),
    expect: INVALID,
  },
  {
    name: '.sig: image and index at once',
    format: 'legacy',
    inject: (scene) => scene.putSig({ ...scene.json(scene.sigTag), manifests: [] }, OCI_MANIFEST),
    expect: INVALID,
  },
  {
    name: '.sig: a removed tag',
    format: 'legacy',
    operation: 'refresh',
    inject: (scene) => scene.store.deleteManifest(scene.path, scene.sigTag),
    expect: 'VERIFY_UNSIGNED',
  },
  {
    name: '.sig: a web page instead of the tag',
    format: 'legacy',
    operation: 'refresh',
    inject: (scene) =>
      scene.answerAt(`manifests/${scene.sigTag}`, {
        status: 404,
        headers: { 'content-type': 'text/html' },
        body: '<html>no such page</html>',
      }),
    expect: 'VERIFY_INCONCLUSIVE',
  },
  {
    name: 'downgrade: the bundle removed, another signer in the .sig tag',
    inject: async (scene) => {
      for (const digest of scene.referrers()) scene.store.deleteManifest(scene.path, digest);
      await scene.sign([scene.image], scene.untrustedSigner(), 'legacy');
    },
    expect: 'VERIFY_UNSIGNED',
  },
  {
    name: 'downgrade: any format is accepted, and another signer is in the .sig tag',
    policy: 'any',
    inject: async (scene) => {
      for (const digest of scene.referrers()) scene.store.deleteManifest(scene.path, digest);
      await scene.sign([scene.image], scene.untrustedSigner(), 'legacy');
    },
    expect: ['VERIFY_UNSIGNED', 'VERIFY_SIGNER_MISMATCH'],
  },
  {
    name: 'downgrade: one of both formats removed',
    format: 'both',
    inject: (scene) => {
      for (const digest of scene.referrers()) scene.store.deleteManifest(scene.path, digest);
    },
    expect: 'VERIFY_UNSIGNED',
  },
  {
    name: 'any format is accepted, and one of both is removed',
    format: 'both',
    policy: 'any',
    inject: (scene) => {
      for (const digest of scene.referrers()) scene.store.deleteManifest(scene.path, digest);
    },
    expect: 'ignored',
  },
];
