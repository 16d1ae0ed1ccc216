import { execFile } from 'node:child_process';
import { join } from 'node:path';

import { cosignTool } from '../../../../dev/builders';
import type { Engine } from '../../../../dev/builders';
import {
  createRegistryClient,
  parseDigest,
  type Repository,
  systemDockerConfig,
} from '../../../../src/oci';
import type { BuildRequest } from '../../../../src/build';
import { createSigningMaterial, generateKey, processHost, signImage } from '../../../../src/sign';
import type { PushedImage } from './pushed-image';
import type { RegistryAccess } from './registry-reader';

/** A key pair of ours, and real cosign with the public key. */
export interface Signer {
  sign(image: PushedImage, request: SigningRequest): Promise<void>;
  /** What cosign reports about `host/path@digest`; `undefined`: it verifies it. */
  cosignError(reference: string, access: RegistryAccess): Promise<string | undefined>;
}

export interface SigningRequest {
  readonly repository: Repository;
  /** As declared for the build. */
  readonly registry: BuildRequest['registry'];
  /** Whose logins are used. */
  readonly engine: Engine;
}

const ANNOTATIONS = { commit: '0123abcd'.repeat(5) };

/** Generates a key pair in the folder. */
export async function createSigner(folder: string, password: string): Promise<Signer> {
  const host = { ...processHost(), env: { COSIGN_PASSWORD: password } };
  const outputPrefix = join(folder, 'signer');
  await generateKey({ outputPrefix, password: () => Promise.resolve(password) }, host);
  return {
    sign: async (image, { repository, registry, engine }) => {
      const material = await createSigningMaterial({ key: { ref: `${outputPrefix}.key` } }, host);
      const client = createRegistryClient({
        registry: { host: repository.registry, ...registry },
        dockerConfig: systemDockerConfig(engine.env),
      });
      const manifests = image.isIndex ? [image, ...image.platforms] : [image];
      try {
        const targets = manifests.map(({ digest, mediaType, size }) => ({
          manifest: { mediaType, digest: parseDigest(digest), size },
          annotations: ANNOTATIONS,
          provenance: undefined,
        }));
        await signImage({ repository, targets, format: 'bundle', material }, client);
      } finally {
        await client.close();
      }
    },
    cosignError: (reference, { login, caFile }) =>
      runCosign(folder, [
        'verify',
        ...['--key', `${outputPrefix}.pub`, '--insecure-ignore-tlog', '--new-bundle-format'],
        ...['-a', `commit=${ANNOTATIONS.commit}`],
        ...(login
          ? ['--registry-username', login.username, '--registry-password', login.password]
          : []),
        ...(caFile === undefined ? [] : ['--registry-cacert', caFile]),
        reference,
      ]),
  };
}

function runCosign(home: string, args: readonly string[]): Promise<string | undefined> {
  // A request to another machine fails at once.
  const nowhere = { HTTP_PROXY: 'http://127.0.0.1:9', HTTPS_PROXY: 'http://127.0.0.1:9' };
  const env = { HOME: home, TUF_ROOT: join(home, 'tuf'), NO_PROXY: '127.0.0.1', ...nowhere };
  return new Promise((settle) => {
    execFile(cosignTool(), [...args], { env, timeout: 60_000 }, (error, _stdout, stderr) =>
      settle(error === null ? undefined : stderr),
    );
  });
}
