import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { json } from '@sigstore/core';

export interface TufRepository {
  readonly url: string;
  /** The first `root.json`, which clients are given beforehand. */
  readonly root: string;
  close(): void;
}

const EXPIRES = '2099-01-01T00:00:00Z';

/** The smallest TUF repository with one target: https://theupdateframework.github.io/specification/latest/ */
export async function startTufRepository(
  targetName: string,
  target: string,
): Promise<TufRepository> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const hex = (publicKey.export({ format: 'der', type: 'spki' }) as Buffer)
    .subarray(-32)
    .toString('hex');
  const key = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: hex } };
  const keyid = createHash('sha256').update(json.canonicalize(key)).digest('hex');
  const role = { keyids: [keyid], threshold: 1 };
  const signed = (type: string, members: object): string => {
    const body = { _type: type, spec_version: '1.0.31', version: 1, expires: EXPIRES, ...members };
    const sig = sign(null, Buffer.from(json.canonicalize(body)), privateKey).toString('hex');
    return JSON.stringify({ signatures: [{ keyid, sig }], signed: body });
  };
  const sha256 = createHash('sha256').update(target).digest('hex');
  const root = signed('root', {
    consistent_snapshot: true,
    keys: { [keyid]: key },
    roles: { root: role, targets: role, snapshot: role, timestamp: role },
  });
  const files: Readonly<Record<string, string>> = {
    '/timestamp.json': signed('timestamp', { meta: { 'snapshot.json': { version: 1 } } }),
    '/1.snapshot.json': signed('snapshot', { meta: { 'targets.json': { version: 1 } } }),
    '/1.targets.json': signed('targets', {
      targets: { [targetName]: { length: Buffer.byteLength(target), hashes: { sha256 } } },
    }),
    [`/targets/${sha256}.${targetName}`]: target,
  };
  const server = createServer((request, response) => {
    const file = files[request.url ?? ''];
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    root,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
