import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import canonicalize from 'canonicalize';

/** A TUF repository with one target, for who takes a trusted root no other way. */
export interface TufRepository {
  /** The initial `root.json`. */
  readonly root: string;
  /** A tar archive, gzip, of the folder `repository`. */
  readonly archive: Buffer;
  /** Bytes of the archive before it was compressed. */
  readonly size: number;
}

/** policy-controller reads a file by one call, which gives it no more than the window of gzip. */
export const LARGEST_REPOSITORY = 32 * 1024;

/** Folder of the targets in the repository. */
export const TARGETS = 'targets';

/** Name of the one target. */
export const TRUSTED_ROOT_TARGET = 'trusted_root.json';

const NEVER = '9999-12-31T23:59:59Z';

// https://www.rfc-editor.org/rfc/rfc8410#section-7: what stands before the 32 bytes of a key.
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

const sha256 = (bytes: string | Buffer): Buffer => createHash('sha256').update(bytes).digest();

interface Signer {
  readonly key: KeyObject;
  readonly id: string;
  readonly described: object;
}

/**
 * Made from what it signs: the same trusted root gives the same objects. It guards nothing, as root
 * and repository are in one object, and who may change that may change both.
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
  return { key, id: sha256(canonicalize(described) ?? '').toString('hex'), described };
}

/** https://theupdateframework.github.io/specification/latest/#file-formats */
function signed({ key, id }: Signer, type: string, members: object): string {
  const body = {
    _type: type,
    spec_version: '1.0.31',
    version: 1,
    expires: NEVER,
    ...members,
  };
  const bytes = Buffer.from(canonicalize(body) ?? '');
  const sig = sign(null, bytes, key).toString('hex');
  return JSON.stringify({ signatures: [{ keyid: id, sig }], signed: body });
}

/** A file of a tar archive (POSIX ustar), without owner and time. */
function tarEntry(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, width: number): string =>
    `${value.toString(8).padStart(width, '0')}\0`;
  header.write(name, 0);
  header.write(octal(0o644, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(content.length, 11), 124);
  header.write(octal(0, 11), 136);
  header.write(' '.repeat(8), 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header, content, padding]);
}

/** The repository that serves a trusted root. */
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
  const entries = Object.entries(files).map(([name, text]) =>
    tarEntry(`repository/${name}`, Buffer.from(text)),
  );
  const archive = Buffer.concat([...entries, Buffer.alloc(1024)]);
  return { root, archive: gzipSync(archive), size: archive.length };
}
