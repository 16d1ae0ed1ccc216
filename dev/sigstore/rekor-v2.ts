import {
  type KeyObject,
  X509Certificate,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  sign,
} from 'node:crypto';

import { type Handler, type ServiceAnswer, json } from './http-service';
import { entryBundleAt, tileAt } from './log-tile';
import { MerkleTree, hashLeaf } from './merkle-tree';
import type { LogKeys } from './transparency-log';
import { verifyPrehashed } from './prehashed-signature';
import { canonicalJson } from './rekor-entry';

/** Rekor v2: without signed entry timestamps and integrated times; entries of one kind. */
export interface RekorV2 {
  readonly publicKey: KeyObject;
  readonly keys: LogKeys;
  readonly logId: Buffer;
  readonly handler: Handler;
  /** The leaves so far. */
  readonly entries: readonly Buffer[];
  /** Adds a leaf, as another client would. */
  append(leaf: Buffer): number;
}

/** https://github.com/sigstore/rekor-tiles/blob/v2.3.0/api/proto/rekor/v2/hashedrekord.proto */
interface HashedRekordRequest {
  readonly digest: string;
  readonly signature: {
    readonly content: string;
    readonly verifier: {
      readonly keyDetails: string;
      readonly x509Certificate?: { readonly rawBytes: string };
      readonly publicKey?: { readonly rawBytes: string };
    };
  };
}

/** The 12 bytes of an Ed25519 SubjectPublicKeyInfo before the key itself. */
const SPKI_HEAD = 12;
const ED25519_NOTE = Buffer.from([0x0a, 0x01]);

/**
 * The API of rekor-tiles, https://github.com/sigstore/rekor-tiles/blob/v2.3.0/CLIENTS.md
 *
 * @param origin the log's origin in its checkpoints: the host of its URL, without the port
 * @param keys Ed25519. Default: new keys
 */
export function createRekorV2(
  origin: string,
  keys: LogKeys = generateKeyPairSync('ed25519'),
): RekorV2 {
  const { publicKey, privateKey } = keys;
  const key = publicKey.export({ type: 'spki', format: 'der' }).subarray(SPKI_HEAD);
  // https://pkg.go.dev/golang.org/x/mod/sumdb/note#hdr-Verifying_Notes: the key's id, not truncated.
  const logId = createHash('sha256').update(origin).update(ED25519_NOTE).update(key).digest();
  const tree = new MerkleTree();
  const entries: Buffer[] = [];

  const checkpoint = (): string => {
    const note = `${origin}\n${tree.size}\n${tree.root.toString('base64')}\n`;
    const signature = sign(null, Buffer.from(note, 'utf8'), privateKey);
    const line = Buffer.concat([logId.subarray(0, 4), signature]).toString('base64');
    return `${note}\n\u2014 ${origin} ${line}\n`;
  };

  const append = (leaf: Buffer): number => {
    entries.push(leaf);
    return tree.append(hashLeaf(leaf));
  };

  const add = (body: Buffer): ServiceAnswer => {
    const known = entries.findIndex((entry) => entry.equals(body));
    if (known >= 0) {
      const message = `an equivalent entry already exists in the transparency log with index ${known}`;
      return json(409, { code: 6, message, details: [] });
    }
    const logIndex = String(append(body));
    return json(201, {
      logIndex,
      logId: { keyId: logId.toString('base64') },
      kindVersion: { kind: 'hashedrekord', version: '0.0.2' },
      integratedTime: '0',
      inclusionPromise: null,
      inclusionProof: {
        logIndex,
        rootHash: tree.root.toString('base64'),
        treeSize: String(tree.size),
        hashes: tree.inclusionProof(Number(logIndex)).map((hash) => hash.toString('base64')),
        checkpoint: { envelope: checkpoint() },
      },
      canonicalizedBody: body.toString('base64'),
    });
  };

  return {
    publicKey,
    keys,
    logId,
    entries,
    append,
    handler: (request) => {
      const route = `${request.method} ${request.path}`;
      if (route === 'GET /healthz') return { status: 200, body: 'ok' };
      if (route === 'GET /api/v2/checkpoint') return { status: 200, body: checkpoint() };
      const { method, path } = request;
      const tile =
        method === 'GET' ? (tileAt(tree, path) ?? entryBundleAt(entries, path)) : undefined;
      if (tile) return { status: 200, body: tile };
      if (route !== 'POST /api/v2/log/entries') {
        return json(404, { code: 5, message: 'Not Found', details: [] });
      }
      const body = canonicalBody(request.body);
      return body
        ? add(body)
        : json(400, { code: 3, message: 'invalid hashedrekord request', details: [] });
    },
  };
}

/** `undefined` for an invalid request. */
function canonicalBody(bytes: Buffer): Buffer | undefined {
  try {
    const request = JSON.parse(bytes.toString('utf8')) as {
      readonly hashedRekordRequestV002: HashedRekordRequest;
    };
    const { digest, signature } = request.hashedRekordRequestV002;
    const { keyDetails, x509Certificate, publicKey } = signature.verifier;
    const hash = Buffer.from(digest, 'base64');
    const content = Buffer.from(signature.content, 'base64');
    if (!verifyPrehashed(verifierKey(signature.verifier), hash, content)) return undefined;
    return canonicalJson({
      apiVersion: '0.0.2',
      kind: 'hashedrekord',
      spec: {
        hashedRekordV002: {
          data: { algorithm: 'SHA2_256', digest: hash.toString('base64') },
          signature: {
            content: content.toString('base64'),
            verifier: { keyDetails, ...(x509Certificate ? { x509Certificate } : { publicKey }) },
          },
        },
      },
    });
  } catch {
    return undefined;
  }
}

function verifierKey({
  x509Certificate,
  publicKey,
}: HashedRekordRequest['signature']['verifier']): KeyObject {
  if (x509Certificate) {
    return new X509Certificate(Buffer.from(x509Certificate.rawBytes, 'base64')).publicKey;
  }
  const key = Buffer.from(publicKey?.rawBytes ?? '', 'base64');
  return createPublicKey({ key, format: 'der', type: 'spki' });
}
