import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { json } from '@sigstore/core';

import { tarArchive } from '../../host/tar-archive';

/** A TUF repository with one target, for engines that accept a trusted root only in this form. */
export interface TufRepository {
  /** The initial `root.json`. */
  readonly root: string;
  /** A gzipped tar archive of the directory `repository`. */
  readonly archive: Buffer;
  /** Size of the archive before compression, in bytes. */
  readonly size: number;
}

/** policy-controller reads a file with one call, which returns at most the window size of gzip. */
export const MAX_REPOSITORY_BYTES = 32 * 1024;

/** Directory of the targets in the repository. */
export const TARGETS = 'targets';

/** Name of the only target. */
export const TRUSTED_ROOT_TARGET = 'trusted_root.json';

const NO_EXPIRY = '9999-12-31T23:59:59Z';

// https://www.rfc-editor.org/rfc/rfc8410#section-7: the prefix of the 32 bytes of a key.
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

const sha256 = (bytes: string | Buffer): Buffer => createHash('sha256').update(bytes).digest();

interface Signer {
  readonly key: KeyObject;
  readonly id: string;
  readonly described: object;
}

/**
 * Derives the signing key from the signed content, so that the same trusted root produces the same
 * objects. The signature protects nothing: root and repository are in one object, and everyone who can
 * change it can change both.
 */
function signerFor(content: string): Signer {
  const seed = sha256(`pulumi-signed-image TUF repository\n${content}`);
  const der = Buffer.concat([ED25519_PKCS8, seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const described = {
    keytype: 'ed25519',
    scheme: 'ed25519',
    keyval: { public: spki.subarray(-32).toString('hex') },
  };
  return { key, id: sha256(json.canonicalize(described)).toString('hex'), described };
}

/** https://theupdateframework.github.io/specification/latest/#file-formats */
function signed({ key, id }: Signer, type: string, members: object): string {
  const body = {
    _type: type,
    spec_version: '1.0.31',
    version: 1,
    expires: NO_EXPIRY,
    ...members,
  };
  const bytes = Buffer.from(json.canonicalize(body));
  const sig = sign(null, bytes, key).toString('hex');
  return JSON.stringify({ signatures: [{ keyid: id, sig }], signed: body });
}

/** Creates the repository for a trusted root. */
export function tufRepository(trustedRoot: string): TufRepository {
  const signer = signerFor(trustedRoot);
  const role = { keyids: [signer.id], threshold: 1 };
  const root = signed(signer, 'root', {
    consistent_snapshot: false,
    keys: { [signer.id]: signer.described },
    roles: { root: role, snapshot: role, targets: role, timestamp: role },
  });
  const content = Buffer.from(trustedRoot);
  const target = { length: content.length, hashes: { sha256: sha256(content).toString('hex') } };
  const files: Readonly<Record<string, string>> = {
    'root.json': root,
    '1.root.json': root,
    'timestamp.json': signed(signer, 'timestamp', { meta: { 'snapshot.json': { version: 1 } } }),
    'snapshot.json': signed(signer, 'snapshot', { meta: { 'targets.json': { version: 1 } } }),
    'targets.json': signed(signer, 'targets', { targets: { [TRUSTED_ROOT_TARGET]: target } }),
    [`${TARGETS}/${TRUSTED_ROOT_TARGET}`]: trustedRoot,
  };
  const archive = tarArchive(
    Object.entries(files).map(([name, text]) => [`repository/${name}`, Buffer.from(text)]),
  );
  return { root, archive: gzipSync(archive), size: archive.length };
}
