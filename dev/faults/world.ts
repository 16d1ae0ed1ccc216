import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { encryptPrivateKey } from '../../src/sign';
import {
  type AuthSettings,
  type RegistryStore,
  type RunningRegistry,
  startRegistry,
} from '../registry';
import { type RunningSigstore, startSigstore } from '../sigstore';
import { FaultProxies, TOKEN_SERVICE } from './proxy';
import { openRedirectTarget } from './redirect-target';

export const REPOSITORY = 'team/app';
export const USER = 'writer';
export const IDENTITY = 'https://ci.example.test/team/app/release@refs/heads/main';

/** Secrets that must not be in a message, a log, or a request to a third party. */
const KEY_PASSWORD = 'canary-faults-key-password-3Vd';
const REGISTRY_PASSWORD = 'canary-faults-registry-password-8Kq';

/** A registry and a Sigstore instance, which are reached through proxies only. */
export interface World {
  readonly folder: string;
  readonly registry: RunningRegistry;
  readonly sigstore: RunningSigstore;
  readonly proxies: FaultProxies;
  /** `127.0.0.1:PORT` of the registry's proxy. */
  readonly host: string;
  /** URLs of the services' proxies, as inputs declare them. */
  readonly services: {
    readonly fulcioUrl: string;
    readonly rekorUrl: string;
    readonly rekorV2Url: string;
    readonly tsaUrl: string;
  };
  readonly trustedRoot: string;
  /** URL of the issuer of identity tokens. */
  readonly issuer: string;
  readonly store: RegistryStore;
  /** `next` replaces `ours` in a key rotation. */
  readonly keys: { readonly [name in 'ours' | 'next' | 'thirdParty']: KeyFiles };
  readonly keyPassword: string;
  readonly registryPassword: string;
  /** The environment of the plugin. */
  readonly env: NodeJS.ProcessEnv;
  readonly secrets: readonly GuardedSecret[];
  /** The authentication settings of the registry. */
  readonly access: { readonly [kind in 'basic' | 'bearer']: AuthSettings };
  close(): Promise<void>;
}

/** A secret that may be sent to these services only. */
export interface GuardedSecret {
  readonly value: string;
  readonly services: readonly string[];
}

export interface KeyFiles {
  readonly path: string;
  /** PEM. */
  readonly publicKey: string;
  readonly publicPath: string;
}

const USERS = { [USER]: REGISTRY_PASSWORD };

export async function openWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'signed-image-faults-'));
  const [registry, sigstore, redirectTarget] = await Promise.all([
    startRegistry(),
    startSigstore(),
    openRedirectTarget(),
  ]);
  const proxies = new FaultProxies(redirectTarget);
  const timestamps = new URL(sigstore.tsaUrl);
  const host = new URL(await proxies.before('registry', registry.url)).host;
  const services = {
    fulcioUrl: await proxies.before('fulcio', sigstore.fulcioUrl),
    rekorUrl: await proxies.before('rekor', sigstore.rekorUrl),
    rekorV2Url: await proxies.before('rekor v2', sigstore.rekorV2Url),
    tsaUrl: `${await proxies.before('tsa', timestamps.origin)}${timestamps.pathname}`,
  };
  const realm = `${await proxies.before(TOKEN_SERVICE, registry.sideUrl)}/token`;
  const trustedRoot = join(folder, 'trusted_root.json');
  await sigstore.writeTrustedRoot(trustedRoot);
  const token = sigstore.issuer.token({ subject: IDENTITY, expiresIn: 6 * 3600 });
  const ours = await makeKey(folder, 'ours');
  const next = await makeKey(folder, 'next');
  const thirdParty = await makeKey(folder, 'third-party');
  await writeContext(folder);
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
    keys: { ours: ours.files, next: next.files, thirdParty: thirdParty.files },
    keyPassword: KEY_PASSWORD,
    registryPassword: REGISTRY_PASSWORD,
    env: { PATH, HOME, FAULTS_IDENTITY_TOKEN: token, ...(await builderStorage(folder)) },
    secrets: [
      ...[KEY_PASSWORD, ours.secret, next.secret].map((value) => ({ value, services: [] })),
      ...[REGISTRY_PASSWORD, Buffer.from(`${USER}:${REGISTRY_PASSWORD}`).toString('base64')].map(
        (value) => ({ value, services: ['registry', TOKEN_SERVICE] }),
      ),
      ...token
        .split('.')
        .slice(1)
        .map((value) => ({ value, services: ['fulcio'] })),
    ],
    access: {
      basic: { kind: 'basic', users: USERS },
      bearer: { kind: 'bearer', users: USERS, realm },
    },
    close: async () => {
      await proxies.close();
      await Promise.all([registry.close(), sigstore.close()]);
      // A builder whose plugin was killed may still be removing files.
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}

/** Writes the build context: one file for an image from scratch. */
async function writeContext(folder: string): Promise<void> {
  await mkdir(join(folder, 'app'));
  await writeFile(join(folder, 'app/Dockerfile'), 'FROM scratch\nCOPY message.txt /message.txt\n');
  await writeFile(join(folder, 'app/message.txt'), 'hello\n');
}

/** Separate storage for buildah, so that the user's storage does not change. */
async function builderStorage(folder: string): Promise<NodeJS.ProcessEnv> {
  const storage = join(folder, 'storage');
  const path = join(folder, 'storage.conf');
  const roots = `graphroot = "${storage}/graph"\nrunroot = "${storage}/run"`;
  await writeFile(path, `[storage]\ndriver = "vfs"\n${roots}\n`);
  return { CONTAINERS_STORAGE_CONF: path };
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
