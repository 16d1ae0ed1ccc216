import { generateKeyPairSync } from 'node:crypto';

import { sha256 } from '../../../dev/registry';
import type { Proof } from '../../../src/export';
import type { AlteredExport, Json, Layer } from './altered-export';

/** What an attacker does to an export. `other` is an export of another image by the same signer. */
export interface Falsification {
  readonly name: string;
  /** Default: every signer. */
  readonly signers?: 'key' | 'keyless';
  apply(exported: AlteredExport, other: AlteredExport, foreign: Buffer): Promise<void>;
}

type Change = (bundle: Json, proof: Proof) => unknown;
type LayerChange = (layer: { bytes: Buffer; annotations: Record<string, string> }) => unknown;

const text = (bytes: Buffer): string => bytes.toString('utf8');
const encode = (value: unknown): Buffer => Buffer.from(JSON.stringify(value), 'utf8');

/** Changes each signature: its bundle file, and the same in the layout. */
async function changeSignatures(
  exported: AlteredExport,
  change: Change,
  changeLayer: LayerChange,
): Promise<void> {
  for (const proof of await exported.proofs()) {
    const { bundle, payload, envelope } = proof.files;
    const legacy = payload ?? envelope;
    if (bundle !== undefined) {
      const former = await exported.read(bundle);
      const json = JSON.parse(text(former)) as Json;
      change(json, proof);
      const changed = encode(json);
      await exported.write(bundle, changed);
      if (legacy === undefined) await replaceLayer(exported, former, async () => changed);
    }
    if (legacy === undefined) continue;
    const former = await exported.read(legacy);
    await replaceLayer(exported, former, async (layer) => {
      const altered = { bytes: former, annotations: layer.annotations ?? {} };
      changeLayer(altered);
      return altered.bytes;
    });
    const altered = { bytes: former, annotations: {} };
    changeLayer(altered);
    await exported.write(legacy, altered.bytes);
  }
}

async function replaceLayer(
  exported: AlteredExport,
  former: Buffer,
  replacement: (layer: Layer) => Promise<Buffer>,
): Promise<void> {
  const digest = sha256(former);
  await exported.changeStored(async ({ layers }) => {
    const found = layers.filter((layer) => layer.digest === digest);
    for (const layer of found)
      Object.assign(layer, await exported.addBlob(await replacement(layer)));
    return found.length > 0;
  });
}

/** The same signed text with one more member. */
function withMember(payload: string): string {
  return `${payload.slice(0, -1)},"changed":"yes"}`;
}

function changePayload(envelope: Json): void {
  const payload = text(Buffer.from(String(envelope['payload']), 'base64'));
  envelope['payload'] = Buffer.from(withMember(payload)).toString('base64');
}

function changeBundlePayload(bundle: Json, { files }: Proof): void {
  const envelope = bundle['dsseEnvelope'] as Json | undefined;
  if (envelope !== undefined) return changePayload(envelope);
  // The digest of the payload, which the payload's own file has from now on.
  const message = (bundle['messageSignature'] as Json)['messageDigest'] as Json;
  if (files.payload === undefined) throw new Error('no payload');
  message['digest'] = 'AAAA';
}

function changeCertificate(bundle: Json, foreign: Buffer): void {
  const material = bundle['verificationMaterial'] as Json;
  const certificate = { rawBytes: foreign.toString('base64') };
  if (material['certificate'] !== undefined) material['certificate'] = certificate;
  else material['x509CertificateChain'] = { certificates: [certificate] };
}

const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;

/** The signature of the same kind in another export. */
async function counterpart(proof: Proof, other: AlteredExport): Promise<Proof> {
  const found = (await other.proofs()).find(
    ({ purpose, platform, format }) =>
      purpose === proof.purpose && platform === proof.platform && format === proof.format,
  );
  if (found === undefined) throw new Error(`no counterpart of ${proof.name}`);
  return found;
}

export const FALSIFICATIONS: readonly Falsification[] = [
  {
    name: 'another digest',
    async apply(exported, other) {
      const { digest, manifests } = await exported.json<{ digest: string; manifests: Json[] }>(
        'export.json',
      );
      const { digest: otherDigest } = await other.json<{ digest: string }>('export.json');
      const bytes = await other.blob(otherDigest);
      await exported.addBlob(bytes);
      const hex = (value: string): string => value.slice('sha256:'.length);
      await exported.write(`manifests/sha256-${hex(digest)}.json`, bytes);
      const descriptor = { digest: otherDigest, size: bytes.length };
      await exported.changeIndex((index) => {
        for (const entry of index.manifests)
          if (entry.digest === digest) Object.assign(entry, descriptor);
      });
      await exported.changeStored(({ subject }) => {
        if (subject?.['digest'] !== digest) return false;
        Object.assign(subject, descriptor);
        return true;
      });
      await exported.renameTags(hex(digest), hex(otherDigest));
      const description = {
        ...(await exported.json('export.json')),
        digest: otherDigest,
        manifests,
      };
      await exported.write('export.json', encode(description));
    },
  },
  {
    name: 'a changed payload',
    apply: (exported) =>
      changeSignatures(exported, changeBundlePayload, (layer) => {
        const json = JSON.parse(text(layer.bytes)) as Json;
        if (json['payload'] === undefined) layer.bytes = Buffer.from(withMember(text(layer.bytes)));
        else {
          changePayload(json);
          layer.bytes = encode(json);
        }
      }),
  },
  {
    name: 'a changed certificate',
    signers: 'keyless',
    apply: (exported, _other, foreign) =>
      changeSignatures(
        exported,
        (bundle) => changeCertificate(bundle, foreign),
        (layer) => (layer.annotations['dev.sigstore.cosign/certificate'] = pem(foreign)),
      ),
  },
  {
    name: 'a changed key',
    signers: 'key',
    async apply(exported) {
      const [first] = await exported.proofs();
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const spki = publicKey.export({ type: 'spki', format: 'pem' });
      await exported.write(first?.files.publicKey ?? '', Buffer.from(spki));
    },
  },
  {
    name: 'a swapped bundle',
    async apply(exported, other) {
      for (const proof of await exported.proofs()) {
        const theirs = await counterpart(proof, other);
        for (const kind of ['bundle', 'payload', 'envelope', 'signature'] as const) {
          const [mine, from] = [proof.files[kind], theirs.files[kind]];
          if (mine === undefined || from === undefined) continue;
          const former = await exported.read(mine);
          const bytes = await other.read(from);
          if (kind === 'bundle' || kind === 'payload' || kind === 'envelope') {
            const annotations = await annotationsOf(other, bytes);
            await replaceLayer(exported, former, async (layer) => {
              if (annotations !== undefined) layer.annotations = annotations;
              return bytes;
            });
          }
          await exported.write(mine, bytes);
        }
      }
    },
  },
];

/** The annotations of the layer with this content. */
async function annotationsOf(
  exported: AlteredExport,
  bytes: Buffer,
): Promise<Record<string, string> | undefined> {
  let found: Record<string, string> | undefined;
  await exported.changeStored(({ layers }) => {
    found ??= layers.find(({ digest }) => digest === sha256(bytes))?.annotations;
    return false;
  });
  return found;
}
