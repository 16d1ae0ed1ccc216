import { type KeyObject, createPublicKey, verify } from 'node:crypto';

import type { TrustedRoot } from '@sigstore/protobuf-specs';

import { parseCheckpoint } from './inclusion';

/** A tree head that a trusted log has signed. */
export interface VerifiedHead {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  /** The full id of the log whose key verified it, as in log entries. */
  readonly logId: Buffer;
  /** The signed note. */
  readonly note: string;
}

type TrustedLog = TrustedRoot['tlogs'][number];

/** https://github.com/C2SP/C2SP/blob/main/signed-note.md#format: an em dash, the name, base64. */
const SIGNATURE_LINE = /^\u2014 (\S+) ([A-Za-z0-9+/]+={0,2})$/;
const MAX_NOTE_SIZE = 64 * 1024;

function keyOf({ publicKey }: TrustedLog): KeyObject | undefined {
  const key = publicKey?.rawBytes;
  if (!key) return undefined;
  for (const type of ['spki', 'pkcs1'] as const) {
    try {
      return createPublicKey({ key, format: 'der', type });
    } catch {
      // Of the other type.
    }
  }
  return undefined;
}

function verifies(body: Buffer, signature: Buffer, key: KeyObject): boolean {
  const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  try {
    return verify(hash, body, key, signature);
  } catch {
    return false;
  }
}

/**
 * Verifies a checkpoint with the keys of trusted logs. A signature belongs to a log if its name is part
 * of the log's URL, and its first four bytes are those of the log's id.
 *
 * @returns `undefined` if it is malformed or no trusted log has signed it
 */
export function verifyCheckpoint(
  note: string,
  logs: readonly TrustedLog[],
): VerifiedHead | undefined {
  const end = note.indexOf('\n\n');
  const head = note.length > MAX_NOTE_SIZE ? undefined : parseCheckpoint(note);
  const size = Number(head?.size);
  if (!head || end < 0 || !Number.isSafeInteger(size)) return undefined;
  const body = Buffer.from(note.slice(0, end + 1), 'utf8');
  for (const line of note.slice(end + 2).split('\n')) {
    const [, name = '', text = ''] = SIGNATURE_LINE.exec(line) ?? [];
    const signature = Buffer.from(text, 'base64');
    // The origin of Rekor v1 is followed by the id of its tree: `host - 123`.
    if (name === '' || (head.origin !== name && !head.origin.startsWith(`${name} - `))) continue;
    for (const log of logs) {
      const logId = log.logId?.keyId;
      if (!logId?.subarray(0, 4).equals(signature.subarray(0, 4))) continue;
      const key = log.baseUrl.includes(name) ? keyOf(log) : undefined;
      if (key && verifies(body, signature.subarray(4), key)) {
        return { origin: head.origin, size, root: head.root, logId, note };
      }
    }
  }
  return undefined;
}
