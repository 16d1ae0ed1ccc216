import { OCI_EMPTY, OCI_MANIFEST } from '../../../src/oci';
import { pushImage } from '../../verify/support/lab';
import type { HostileResponse } from '../support/hostile-response';
import { BUNDLE_TYPE, type Loose, type Scene } from '../support/scene';

const INVALID = 'VERIFY_SIGNATURE_INVALID';

const bytes = (change: (bundle: Buffer) => Buffer | string) => (scene: Scene) =>
  scene.alterBundle((bundle) => Buffer.from(change(bundle)));
const text = (change: (bundle: string) => string) =>
  bytes((bundle) => change(bundle.toString('utf8')));
const json = (change: (bundle: Loose) => unknown) => (scene: Scene) =>
  scene.alterBundleJson(change);

interface Envelope {
  payload: string;
  payloadType: string;
  signatures: { sig: string }[];
}

const envelope = (change: (envelope: Envelope) => unknown) =>
  json((bundle) => change(bundle['dsseEnvelope'] as unknown as Envelope));

const statement = (change: (text: string) => string) =>
  envelope((signed) => {
    const plain = Buffer.from(signed.payload, 'base64').toString('utf8');
    signed.payload = Buffer.from(change(plain)).toString('base64');
  });

/** Bundles that differ from the signed one, or that are ambiguous. */
const ALTERED: Readonly<Record<string, (scene: Scene) => unknown>> = {
  'a bundle that is no JSON': bytes(() => 'x'),
  'an empty bundle': bytes(() => ''),
  'a bundle with a byte order mark': text((bundle) => `\ufeff${bundle}`),
  'a bundle with a NUL after it': text((bundle) => `${bundle}\0`),
  'a bundle with a second one after it': text((bundle) => bundle + bundle),
  ...Object.fromEntries(
    ['{},', '[],', '0,', '{"a":{}},'].map((item) => [
      `a bundle of sixteen MiB of ${item}`,
      bytes(() => `{"x":[${item.repeat(Math.floor((16 * 1024 * 1024 - 16) / item.length))}0]}`),
    ]),
  ),
  'a statement of twelve MiB of {},': envelope((signed) => {
    signed.payload = Buffer.from(`{"x":[${'{},'.repeat(3_900_000)}0]}`).toString('base64');
  }),
  'a bundle that is a list': text((bundle) => `[${bundle}]`),
  'a bundle with invalid UTF-8': bytes((bundle) =>
    Buffer.concat([
      Buffer.from('{"x":"'),
      Buffer.from([0xc0, 0x80]),
      Buffer.from('",'),
      bundle.subarray(1),
    ]),
  ),
  'a bundle that names its envelope twice': text((bundle) =>
    bundle.replace('"dsseEnvelope":', '"dsseEnvelope":{},"dsseEnvelope":'),
  ),
  'a bundle that names its payload twice, once with an escape': text((bundle) =>
    bundle.replace('"payload":', '"p\\u0061yload":"e30=","payload":'),
  ),
  'a bundle of version 0.1': json((bundle) =>
    Object.assign(bundle, { mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1' }),
  ),
  'a bundle of version 0.2': json((bundle) =>
    Object.assign(bundle, { mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.2' }),
  ),
  'a bundle of a version to come': json((bundle) =>
    Object.assign(bundle, { mediaType: 'application/vnd.dev.sigstore.bundle.v9.9+json' }),
  ),
  'a bundle without a media type': json((bundle) => Reflect.deleteProperty(bundle, 'mediaType')),
  'an envelope with two signatures': envelope(({ signatures }) => signatures.push({ sig: 'AAAA' })),
  'an envelope with the same signature twice': envelope(({ signatures }) =>
    signatures.push({ sig: signatures[0]?.sig ?? '' }),
  ),
  'an envelope without signatures': envelope((signed) => (signed.signatures = [])),
  'an envelope with an empty signature': envelope((signed) => (signed.signatures = [{ sig: '' }])),
  'another payload type': envelope((signed) => (signed.payloadType = 'application/json')),
  'a payload type in capitals': envelope(
    (signed) => (signed.payloadType = signed.payloadType.toUpperCase()),
  ),
  'the digest of another image in the statement': statement((plain) =>
    plain.replace(/"sha256":"[0-9a-f]{4}/, '"sha256":"0000'),
  ),
  'an annotation changed in the statement': statement((plain) =>
    plain.replace('"commit":"1234', '"commit":"4321'),
  ),
  'a white space in the statement': statement((plain) => plain.replace('{', '{ ')),
  'a byte after the statement': statement((plain) => `${plain}\n`),
  'a prototype in the statement': statement((plain) =>
    plain.replace('{', '{"__proto__":{"polluted":true},'),
  ),
  'a second subject put into the statement': statement((plain) =>
    plain.replace('"subject":[', `"subject":[{"digest":{"sha256":"${'0'.repeat(64)}"}},`),
  ),
  'a signature of bytes instead of a statement': json((bundle) => {
    const { signatures } = bundle['dsseEnvelope'] as unknown as Envelope;
    Reflect.deleteProperty(bundle, 'dsseEnvelope');
    Object.assign(bundle, {
      messageSignature: {
        messageDigest: { algorithm: 'SHA2_256', digest: 'AAAA' },
        signature: signatures[0]?.sig,
      },
    });
  }),
  'an envelope and a message signature in one bundle': json((bundle) =>
    Object.assign(bundle, {
      dsseEnvelope: { payload: 'e30=', payloadType: 'x', signatures: [{ sig: 'AAAA' }] },
    }),
  ),
  'no verification material': json((bundle) =>
    Reflect.deleteProperty(bundle, 'verificationMaterial'),
  ),
  'verification material that is a list': json((bundle) =>
    Object.assign(bundle, { verificationMaterial: [] }),
  ),
};

function swapBlob(scene: Scene, blob: Buffer | undefined): void {
  const [digest = ''] = scene.referrers();
  const [layer] = scene.json(digest)['layers'] as unknown as { digest: string }[];
  if (!layer) throw new Error('no bundle');
  if (blob) scene.store.putBlob(scene.path, blob, layer.digest);
  else scene.store.deleteBlob(scene.path, layer.digest);
}

type LayerLike = { size: number; mediaType: string };
const layer = (change: (layer: LayerLike) => unknown) => (scene: Scene) =>
  scene.alterReferrer((manifest) => {
    const [first] = manifest['layers'] as unknown as LayerLike[];
    if (first) change(first);
  });

export const BUNDLE_CASES: readonly HostileResponse[] = [
  ...Object.entries(ALTERED).map(([name, inject]): HostileResponse => ({
    name,
    inject,
    expect: INVALID,
  })),
  {
    name: 'the bundle of another image besides the right one',
    inject: async (scene) => {
      const other = await pushImage(scene.lab, scene.repository);
      scene.alterReferrer((manifest) => Object.assign(manifest, { subject: other }));
      scene.image = other;
    },
    expect: INVALID,
  },
  {
    name: 'other bytes under the digest of a bundle',
    inject: (scene) => swapBlob(scene, Buffer.from('{}')),
    expect: INVALID,
  },
  {
    name: 'a missing bundle',
    inject: (scene) => swapBlob(scene, undefined),
    expect: INVALID,
  },
  { name: 'a bundle with a wrong size', inject: layer((one) => (one.size += 1)), expect: INVALID },
  {
    name: 'a bundle with a declared size of a terabyte',
    inject: layer((one) => (one.size = 2 ** 40)),
    expect: INVALID,
  },
  {
    name: 'a bundle under another media type',
    inject: layer((one) => (one.mediaType = 'application/json')),
    expect: 'VERIFY_UNSIGNED',
  },
  {
    name: 'a referrer manifest without its annotations',
    inject: (scene) =>
      scene.alterReferrer((manifest) => Reflect.deleteProperty(manifest, 'annotations')),
    expect: 'ignored',
  },
  {
    name: 'a referrer manifest that is annotated as provenance',
    inject: (scene) =>
      scene.alterReferrer((manifest) =>
        Object.assign(manifest, {
          annotations: { 'dev.sigstore.bundle.predicateType': 'https://slsa.dev/provenance/v1' },
        }),
      ),
    expect: 'ignored',
  },
  {
    name: 'the provenance type instead of the signature type',
    inject: statement((plain) =>
      plain.replace('https://sigstore.dev/cosign/sign/v1', 'https://slsa.dev/provenance/v1'),
    ),
    expect: ['VERIFY_UNSIGNED', INVALID],
  },
  {
    name: 'base64 in the other alphabet, with the same content',
    inject: envelope((signed) => {
      signed.payload = Buffer.from(signed.payload, 'base64').toString('base64url');
    }),
    expect: 'ignored',
  },
  {
    name: 'a wrong key hint',
    inject: json((bundle) =>
      Object.assign(bundle['verificationMaterial'] as object, { publicKey: { hint: '../../x' } }),
    ),
    expect: 'ignored',
  },
  {
    name: 'an empty log entry, if a log is not required',
    inject: json((bundle) =>
      Object.assign(bundle['verificationMaterial'] as object, { tlogEntries: [{}] }),
    ),
    expect: INVALID,
  },
  {
    name: 'hundreds of signatures of other signers before ours',
    inject: async (scene) => {
      const untrusted = scene.untrustedSigner();
      await scene.sign([scene.image], untrusted);
      const foreign = scene.referrers().find(
        (digest) =>
          !scene
            .listing()
            .slice(0, 1)
            .some((one) => one.digest === digest),
      );
      const template = scene.json(foreign ?? '');
      for (let at = 0; at < 800; at += 1) {
        const manifest = { ...template, annotations: { at: String(at) } };
        scene.store.putManifest(scene.path, {
          mediaType: OCI_MANIFEST,
          bytes: Buffer.from(JSON.stringify(manifest)),
        });
      }
    },
    expect: 'ignored',
  },
  {
    name: 'hundreds of very large bundles',
    inject: (scene) => {
      const blob = Buffer.alloc(16 * 1024 * 1024, ' ');
      const config = Buffer.from('{}');
      scene.store.putBlob(scene.path, config);
      const digest = scene.store.putBlob(scene.path, blob);
      for (let at = 0; at < 300; at += 1) {
        const manifest = {
          schemaVersion: 2,
          mediaType: OCI_MANIFEST,
          artifactType: BUNDLE_TYPE,
          config: {
            mediaType: OCI_EMPTY,
            digest: scene.store.putBlob(scene.path, config),
            size: 2,
          },
          layers: [{ mediaType: BUNDLE_TYPE, digest, size: blob.length }],
          subject: scene.image,
          annotations: { at: String(at) },
        };
        const bytes = Buffer.from(JSON.stringify(manifest));
        scene.store.putManifest(scene.path, { mediaType: OCI_MANIFEST, bytes });
      }
    },
    expect: 'ignored',
  },
];
