import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { findCosign } from '../dev/faults/cosign';
import type { Signer } from './signer';
import type { Worker } from './worker';
import type { World } from './world';

/** Runs real cosign; rejects with its stderr if it fails. */
export type RunCosign = (args: readonly string[]) => Promise<string>;

/** Real cosign in this folder. It can connect to this machine only. */
export function cosignAt(folder: string, secrets: Readonly<Record<string, string>>): RunCosign {
  const program = findCosign();
  if (program === undefined) throw new Error('cosign is not built: run node dev/tools/build.mjs');
  const home = join(folder, 'home');
  mkdirSync(home, { recursive: true });
  const closedProxy = { HTTP_PROXY: 'http://127.0.0.1:9', HTTPS_PROXY: 'http://127.0.0.1:9' };
  const env = {
    HOME: home,
    TUF_ROOT: join(home, 'tuf'),
    COSIGN_YES: 'true',
    NO_PROXY: '127.0.0.1',
    ...closedProxy,
    ...secrets,
  };
  return (args) =>
    new Promise((settle, reject) => {
      const done = (error: Error | null, stdout: string, stderr: string): void =>
        error === null
          ? settle(stdout)
          : reject(new Error(`cosign ${args[0] ?? ''} failed:\n${stderr}`));
      // stdin is closed, because cosign may prompt and wait for input.
      execFile(program, [...args], { cwd: folder, env, maxBuffer: 32 << 20 }, done).stdin?.end();
    });
}

const TYPE = ['--type', 'slsaprovenance1'];

/** The work as commands of a pipeline: one process for each step on each image. */
export function cosignWorker(world: World, signer: Signer): Worker {
  const { cosign, key, noServices, predicate, sigstore, local } = world;
  const { keyless, instance } = signer;
  const { trustedRoot, token, identity } = instance ?? local;
  const signerFlags = keyless ? ['--identity-token', token] : ['--key', key.path];
  const root = ['--trusted-root', trustedRoot];
  const services = ['--signing-config', instance?.signingConfig ?? noServices, ...root];
  const issuer = ['--certificate-oidc-issuer', sigstore.issuer.url];
  const trust = [
    ...(keyless ? ['--certificate-identity', identity, ...issuer] : ['--key', key.publicPath]),
    ...(instance ? [...root, ...instance.verifyFlags] : ['--insecure-ignore-tlog']),
  ];
  return {
    sign: async (image, { provenance }) => {
      await cosign(['sign', ...services, ...signerFlags, image]);
      if (!provenance) return;
      await cosign([
        'attest',
        ...services,
        ...signerFlags,
        ...TYPE,
        '--predicate',
        predicate,
        image,
      ]);
    },
    verify: async (image, { provenance }) => {
      await cosign(['verify', ...trust, image]);
      if (provenance) await cosign(['verify-attestation', ...TYPE, ...trust, image]);
    },
    close: async () => undefined,
  };
}
