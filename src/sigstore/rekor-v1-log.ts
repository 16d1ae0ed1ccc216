import { envelopeToJSON, type TransparencyLogEntry } from '@sigstore/bundle';
import type { SignatureBundle } from '@sigstore/sign';

import type { JsonObject } from '../http/json-body';
import { parseBoundedJson } from '../http/json-bounds';
import type { ServiceCallOptions } from '../http/service-call';
import { askService, jsonOf, refusalOf, type ServiceResponse } from './service-request';

const NO_ENTRY = 'its answer is not a log entry';

/**
 * Writes a signature to a Rekor v1: a `dsse` entry for an envelope, a `hashedrekord` entry for a plain
 * signature. An entry that the log has already, for example from a stopped run, is fetched.
 *
 * https://github.com/sigstore/rekor/blob/main/openapi.yaml
 *
 * @param publicKey PEM: the certificate, or the key
 * @throws ServiceRefusal, the error of the connection, or Error for an answer that is not an entry
 */
export async function writeRekorV1(
  url: string,
  content: SignatureBundle,
  publicKey: string,
  call: ServiceCallOptions | undefined,
): Promise<TransparencyLogEntry> {
  const entries = `${url}/api/v1/log/entries`;
  const json = proposedEntry(content, publicKey);
  const answer = await askService({ method: 'POST', url: entries, json }, call);
  if (answer.status === 409) return fetchEntry(entries, answer, call);
  if (answer.status >= 400) throw refusalOf(answer);
  return parseEntry(answer);
}

async function fetchEntry(
  entries: string,
  conflict: ServiceResponse,
  call: ServiceCallOptions | undefined,
): Promise<TransparencyLogEntry> {
  const id = /(?:^|\/)([0-9a-f]+)$/i.exec(conflict.headers['location'] ?? '')?.[1];
  if (id === undefined) throw refusalOf(conflict);
  const answer = await askService({ method: 'GET', url: `${entries}/${id}` }, call);
  if (answer.status >= 400) throw refusalOf(answer);
  return parseEntry(answer);
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function proposedEntry(content: SignatureBundle, publicKey: string): JsonObject {
  if (content.$case === 'dsseEnvelope') {
    const envelope = JSON.stringify(envelopeToJSON(content.dsseEnvelope));
    return {
      apiVersion: '0.0.1',
      kind: 'dsse',
      spec: { proposedContent: { envelope, verifiers: [base64(publicKey)] } },
    };
  }
  const { messageDigest, signature } = content.messageSignature;
  return {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: messageDigest.digest.toString('hex') } },
      signature: {
        content: signature.toString('base64'),
        publicKey: { content: base64(publicKey) },
      },
    },
  };
}

/** The one member of the answer, in the form of bundles. What it proves is checked by the caller. */
function parseEntry(answer: ServiceResponse): TransparencyLogEntry {
  const [entry, another] = Object.values(jsonOf(answer) ?? {});
  if (another !== undefined) throw new Error(NO_ENTRY);
  const { body, logID, logIndex, integratedTime, verification } = objectOf(entry);
  const { signedEntryTimestamp, inclusionProof } = objectOf(verification ?? {});
  const canonicalizedBody = Buffer.from(textOf(body), 'base64');
  const { kind, apiVersion } = objectOf(parseBoundedJson(canonicalizedBody));
  return {
    logIndex: numberOf(logIndex),
    logId: { keyId: Buffer.from(textOf(logID), 'hex') },
    integratedTime: numberOf(integratedTime),
    kindVersion: { kind: textOf(kind), version: textOf(apiVersion) },
    inclusionPromise:
      signedEntryTimestamp === undefined
        ? undefined
        : { signedEntryTimestamp: Buffer.from(textOf(signedEntryTimestamp), 'base64') },
    inclusionProof: inclusionProof === undefined ? undefined : proofOf(objectOf(inclusionProof)),
    canonicalizedBody,
  } as TransparencyLogEntry;
}

function proofOf({ logIndex, treeSize, rootHash, hashes, checkpoint }: JsonObject) {
  if (!Array.isArray(hashes)) throw new Error(NO_ENTRY);
  return {
    logIndex: numberOf(logIndex),
    treeSize: numberOf(treeSize),
    rootHash: Buffer.from(textOf(rootHash), 'hex'),
    hashes: hashes.map((hash) => Buffer.from(textOf(hash), 'hex')),
    checkpoint: { envelope: textOf(checkpoint) },
  };
}

function objectOf(value: unknown): JsonObject {
  if (typeof value === 'object' && value !== null) return value as JsonObject;
  throw new Error(NO_ENTRY);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new Error(NO_ENTRY);
}

function numberOf(value: unknown): string {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return String(value);
  throw new Error(NO_ENTRY);
}
