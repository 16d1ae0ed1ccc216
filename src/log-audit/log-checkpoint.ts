import { SignedImageError } from '../error';
import { parseBoundedJson } from '../http/json-bounds';
import { isJsonObject, type JsonObject } from '../oci';
import type { EntrySigner } from './entry-matcher';
import type { LoggedFinding } from './log-report';

/** How far a log was read. */
export interface LogCheckpoint {
  /** URL of the log. */
  readonly log: string;
  /** The tree that was read last, and how many of its entries. */
  readonly tree: string;
  readonly size: number;
  /** The root over these entries, which the log has proven to be part of the signed tree. */
  readonly root: Buffer;
  /** The signed note that proves it. */
  readonly note: string;
  /** Unexplained entries so far: each is reported until it is known. */
  readonly findings: readonly LoggedFinding[];
}

/** Where a checkpoint is kept between runs. */
export interface CheckpointStore {
  /** Returns the text of the last `write`; `undefined` before the first. */
  read(): Promise<string | undefined>;
  /** Replaces the text at once: a stopped run leaves the earlier text or the new one. */
  write(text: string): Promise<void>;
}

const FORMAT = 'signed-image/log-checkpoint/v1';
const MAX_VALUES = 10_000_000;

function invalid(why: string): SignedImageError {
  return new SignedImageError({
    code: 'INPUT_INVALID',
    property: 'checkpoint',
    message: `the checkpoint file ${why}; restore it from a backup, or remove it to begin again`,
  });
}

export function formatLogCheckpoint(checkpoint: LogCheckpoint): string {
  const { root, ...rest } = checkpoint;
  const json = { format: FORMAT, ...rest, root: root.toString('base64') };
  return `${JSON.stringify(json, undefined, 2)}\n`;
}

const isText = (value: unknown): value is string => typeof value === 'string';

function isSigner(value: unknown): value is EntrySigner {
  if (!isJsonObject(value)) return false;
  const { kind, keyId, identity, issuer, isCertificateTrusted } = value;
  if (kind === 'key') return isText(keyId);
  return (
    kind === 'keyless' &&
    isText(identity) &&
    isText(issuer) &&
    typeof isCertificateTrusted === 'boolean'
  );
}

/** A finding of an earlier run is reported without a further request, so each of its members is checked. */
function isFinding(value: unknown): value is LoggedFinding {
  if (!isJsonObject(value)) return false;
  const { logIndex, logId, tree, leafHash, kind, signer, digests, integratedTime, fingerprint } =
    value;
  return (
    Number.isSafeInteger(logIndex) &&
    [logId, tree, leafHash, kind, fingerprint].every(isText) &&
    isSigner(signer) &&
    Array.isArray(digests) &&
    digests.every(isText) &&
    (integratedTime === undefined || isText(integratedTime))
  );
}

function parsed(text: string): JsonObject {
  try {
    const json = parseBoundedJson(text, MAX_VALUES);
    if (isJsonObject(json)) return json;
  } catch {
    // Reported below.
  }
  throw invalid('is not JSON');
}

/**
 * Parses a checkpoint that an earlier run wrote.
 *
 * @throws SignedImageError `INPUT_INVALID` on `checkpoint`, also if it is of another log
 */
export function parseLogCheckpoint(text: string, url: string): LogCheckpoint {
  const { format, log, tree, size, root, note, findings } = parsed(text);
  if (format !== FORMAT) throw invalid(`is not of the format ${FORMAT}`);
  const hash = typeof root === 'string' ? Buffer.from(root, 'base64') : Buffer.alloc(0);
  const isValid =
    typeof tree === 'string' &&
    typeof note === 'string' &&
    typeof size === 'number' &&
    Number.isSafeInteger(size) &&
    size >= 0 &&
    hash.length === 32 &&
    Array.isArray(findings) &&
    findings.every(isFinding);
  if (!isValid) throw invalid('lacks a member or has one of another type');
  if (log !== url) {
    throw invalid(`is of another log (${JSON.stringify(String(log).slice(0, 200))}, not ${url})`);
  }
  return { log: url, tree, size, root: hash, note, findings };
}
