import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { encryptPrivateKey } from '../../src/sign';
import {
  type RegistrySettings,
  type RegistryStore,
  type RunningRegistry,
  sha256,
  startRegistry,
} from '../registry';
import { type RunningSigstore, startSigstore } from '../sigstore';
import { FaultProxies, openTrap } from './proxy';

export const REPOSITORY = 'team/app';
export const USER = 'writer';
export const IDENTITY = 'https://ci.example.test/team/app/release@refs/heads/main';

/** What must be nowhere: in no message, no log, and with no stranger. */
const KEY_PASSWORD = 'canary-faults-key-password-3Vd';
const REGISTRY_PASSWORD = 'canary-faults-registry-password-8Kq';

/** A registry and a Sigstore, reached through proxies only. */
export interface World {
  readonly folder: string;
  readonly registry: RunningRegistry;
  readonly sigstore: RunningSigstore;
  readonly proxies: FaultProxies;
  /** `127.0.0.1:PORT` of the registry's proxy. */
  readonly host: string;
  /** The proxies of the services, as inputs say it. */
  readonly services: {
    readonly fulcioUrl: string;
    readonly rekorUrl: string;
    readonly tsaUrl: string;
  };
  readonly trustedRoot: string;
  /** Who issues identity tokens. */
  readonly issuer: string;
  readonly store: RegistryStore;
  readonly keys: { readonly ours: KeyFiles; readonly stranger: KeyFiles };
  readonly keyPassword: string;
  readonly registryPassword: string;
  /** The environment of the plugin. */
  readonly env: NodeJS.ProcessEnv;
  readonly secrets: readonly string[];
  close(): Promise<void>;
}

export interface KeyFiles {
  readonly path: string;
  /** PEM. */
  readonly publicKey: string;
  readonly publicPath: string;
}

const SETTINGS: Partial<RegistrySettings> = {
  auth: { kind: 'basic', users: { [USER]: REGISTRY_PASSWORD } },
};

export async function openWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'signed-image-faults-'));
  const [registry, sigstore, trap] = await Promise.all([
    startRegistry({ settings: SETTINGS }),
    startSigstore(),
    openTrap(),
  ]);
  const proxies = new FaultProxies(trap);
  const timestamps = new URL(sigstore.tsaUrl);
  const host = new URL(await proxies.before('registry', registry.url)).host;
  const services = {
    fulcioUrl: await proxies.before('fulcio', sigstore.fulcioUrl),
    rekorUrl: await proxies.before('rekor', sigstore.rekorUrl),
    tsaUrl: `${await proxies.before('tsa', timestamps.origin)}${timestamps.pathname}`,
  };
  const trustedRoot = join(folder, 'trusted_root.json');
  await sigstore.writeTrustedRoot(trustedRoot);
  const token = sigstore.issuer.token({ subject: IDENTITY, expiresIn: 6 * 3600 });
  const ours = await makeKey(folder, 'ours');
  const stranger = await makeKey(folder, 'stranger');
  const { PATH, HOME } = process.env;
  return {
    folder,
    registry,
    sigstore,
    proxies,
    host,
    services,
    trustedRoot,
    issuer: sigstore.issuer.url,
    store: registry.store,
    keys: { ours: ours.files, stranger: stranger.files },
    keyPassword: KEY_PASSWORD,
    registryPassword: REGISTRY_PASSWORD,
    env: { PATH, HOME, FAULTS_IDENTITY_TOKEN: token },
    secrets: [
      KEY_PASSWORD,
      REGISTRY_PASSWORD,
      Buffer.from(`${USER}:${REGISTRY_PASSWORD}`).toString('base64'),
      ...token.split('.').slice(1),
      ours.secret,
    ],
    close: async () => {
      await proxies.close();
      await Promise.all([registry.close(), sigstore.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function makeKey(
  folder: string,
  name: string,
): Promise<{ readonly files: KeyFiles; readonly secret: string }> {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const path = join(folder, `${name}.key`);
  const publicPath = join(folder, `${name}.pub`);
  const publicKey = String(pair.publicKey.export({ type: 'spki', format: 'pem' }));
  await writeFile(path, await encryptPrivateKey(pair.privateKey, KEY_PASSWORD, { cost: 32768 }));
  await writeFile(publicPath, publicKey);
  const secret = String(pair.privateKey.export({ format: 'jwk' })['d']);
  return { files: { path, publicKey, publicPath }, secret };
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';

/** Puts an image into the registry's store, and answers with its digest. */
export function storeImage({ store }: RunningRegistry, architecture = 'amd64'): string {
  const layer = Buffer.from(`a layer of ${architecture}, ${randomBytes(8).toString('hex')}`);
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: [sha256(layer)] },
    }),
  );
  const blob = (bytes: Buffer, mediaType: string) => ({
    mediaType,
    digest: store.putBlob(REPOSITORY, bytes),
    size: bytes.length,
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: blob(config, 'application/vnd.oci.image.config.v1+json'),
    layers: [blob(gzipSync(layer), 'application/vnd.oci.image.layer.v1.tar+gzip')],
  };
  return store.putManifest(REPOSITORY, {
    mediaType: MANIFEST,
    bytes: Buffer.from(JSON.stringify(manifest)),
  });
}

/** The same for an index of two platforms. */
export function storeIndex(registry: RunningRegistry): string {
  const manifests = ['amd64', 'arm64'].map((architecture) => {
    const digest = storeImage(registry, architecture);
    const size = registry.store.getManifest(REPOSITORY, digest)?.bytes.length ?? 0;
    return { mediaType: MANIFEST, digest, size, platform: { os: 'linux', architecture } };
  });
  const index = { schemaVersion: 2, mediaType: INDEX, manifests };
  return registry.store.putManifest(REPOSITORY, {
    mediaType: INDEX,
    bytes: Buffer.from(JSON.stringify(index)),
  });
}
