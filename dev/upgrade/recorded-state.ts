import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import type { RegistryStore, StoredManifest } from '../registry/store';

/** Recorded states, one folder per version of this package. */
export const STATES = resolve(__dirname, '..', '..', 'test', 'engine', 'states');

/** A state contains the address of its registry: the registry has the same one when the state is read again. */
export const REGISTRY_PORT = 15_715;
export const STACK = 'recorded';
export const PASSPHRASE = 'a passphrase for tests';

/** Content of a registry as JSON; bytes are base64. */
export interface RecordedRegistry {
  readonly [repository: string]: {
    readonly blobs: Readonly<Record<string, string>>;
    readonly manifests: Readonly<
      Record<string, { readonly mediaType: string; readonly bytes: string }>
    >;
    readonly tags: Readonly<Record<string, string>>;
  };
}

/** What a user has at the time of an upgrade, besides the state: the program's files and the content of the registry. */
export interface RecordedState {
  readonly files: Readonly<Record<string, string>>;
  readonly registry: RecordedRegistry;
  /** The identity of the job, whose token is not recorded. */
  readonly identity: { readonly issuer: string; readonly subject: string };
}

/**
 * A token of the recorded identity that is valid now, as far as the plugin reads it: nothing is signed with it, so no
 * service validates it.
 */
export function tokenOf({ issuer, subject }: RecordedState['identity']): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, sub: subject, aud: 'sigstore', iat: now, exp: now + 3600 };
  const parts = [{ alg: 'ES256', typ: 'JWT' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  return [...parts, randomBytes(64).toString('base64url')].join('.');
}

/** The blobs that a manifest refers to, by `config`, `layers` or `manifests`. */
const referencesIn = (bytes: Buffer): readonly string[] =>
  bytes.toString('utf8').match(/sha256:[0-9a-f]{64}/g) ?? [];

export function dumpRegistry(store: RegistryStore): RecordedRegistry {
  return Object.fromEntries(
    store.repositories().map((path) => {
      const manifests = [...store.manifests(path)];
      const digests = new Set(manifests.flatMap(([, { bytes }]) => referencesIn(bytes)));
      const blobs = [...digests].flatMap((digest) => {
        const blob = store.getBlob(path, digest);
        return blob === undefined ? [] : [[digest, blob.toString('base64')] as const];
      });
      const stored = manifests.map(
        ([digest, { mediaType, bytes }]) =>
          [digest, { mediaType, bytes: bytes.toString('base64') }] as const,
      );
      return [
        path,
        {
          blobs: Object.fromEntries(blobs),
          manifests: Object.fromEntries(stored),
          tags: Object.fromEntries(store.tags(path) ?? []),
        },
      ] as const;
    }),
  );
}

export function restoreRegistry(store: RegistryStore, recorded: RecordedRegistry): void {
  for (const [path, { blobs, manifests, tags }] of Object.entries(recorded)) {
    for (const bytes of Object.values(blobs)) store.putBlob(path, Buffer.from(bytes, 'base64'));
    const decoded = (digest: string): StoredManifest => {
      const { mediaType = '', bytes = '' } = manifests[digest] ?? {};
      return { mediaType, bytes: Buffer.from(bytes, 'base64') };
    };
    for (const digest of Object.keys(manifests)) store.putManifest(path, decoded(digest));
    for (const [tag, digest] of Object.entries(tags)) {
      store.putManifest(path, decoded(digest), { tag });
    }
  }
}

/** A recorded state with what it was recorded with. */
export interface Recording extends RecordedState {
  readonly state: string;
}

/** Reads what was recorded with a version on an engine; `undefined` if that engine was not available then. */
export function readRecording(version: string, engine: 'local' | 'real'): Recording | undefined {
  const folder = join(STATES, version, engine);
  if (!existsSync(folder)) return undefined;
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
  return { ...(JSON.parse(text('world.json')) as RecordedState), state: text('state.json') };
}

/** The versions with recorded states. */
export const recordedVersions = (): readonly string[] => readdirSync(STATES).sort();
