import type { TransparencyLogEntry } from '@sigstore/bundle';
import { TransparencyLogEntry as EntryMessage } from '@sigstore/protobuf-specs';
import type { SignatureBundle, VerificationMaterial } from '@sigstore/sign';

import { parseCheckpoint, rootFromProof } from './inclusion';
import { type RekorV2Entry, rekorV2Entry } from './rekor-v2-entry';
import { type ServiceCallOptions, causesOf } from '../http/service-call';
import { type ServiceResponse, askService, jsonOf, refusalOf } from './service-request';

/**
 * The log responds when its next checkpoint is published: after ten seconds by default, and clients
 * should wait for at least twenty.
 * https://github.com/sigstore/rekor-tiles/blob/v2.2.0/CLIENTS.md#handling-longer-requests
 */
const TIMEOUT_MS = 60_000;

/** Finds an entry that the log wrote earlier; `undefined` if the log does not provide it. */
export type FindEntry = (body: Buffer, index: bigint) => Promise<TransparencyLogEntry | undefined>;

function parseEntry(answer: ServiceResponse): TransparencyLogEntry {
  const json = jsonOf(answer);
  const entry = json && EntryMessage.fromJSON(json);
  if (!entry?.logId || !entry.kindVersion || !entry.inclusionProof) {
    throw new Error('its response is not a log entry with an inclusion proof');
  }
  return entry as TransparencyLogEntry;
}

/** "an equivalent entry already exists in the transparency log with index 12" */
function indexOf(answer: ServiceResponse): bigint | undefined {
  const index = /\bindex (\d{1,19})\b/.exec(String(jsonOf(answer)?.['message']))?.[1];
  return index === undefined ? undefined : BigInt(index);
}

async function entryInLog(
  answer: ServiceResponse,
  { body }: RekorV2Entry,
  find: FindEntry,
): Promise<TransparencyLogEntry> {
  const refusal = refusalOf(answer);
  const index = indexOf(answer);
  if (index === undefined) throw refusal;
  try {
    const entry = await find(body, index);
    if (entry !== undefined) return entry;
  } catch (error) {
    throw new Error(`${refusal.message}, which cannot be read back: ${causesOf(error)}`);
  }
  throw new Error(`${refusal.message}, and the trusted root does not hold this log`);
}

/**
 * Returns why an entry is not the requested one, or is not proven by the checkpoint in it;
 * `undefined` if it is valid. The log's signature of the checkpoint is verified with the trusted root
 * together with everything else, before the signature is stored.
 */
export function rekorV2Fault(
  { canonicalizedBody, logIndex, inclusionProof }: TransparencyLogEntry,
  { body }: RekorV2Entry,
): string | undefined {
  if (!canonicalizedBody.equals(body)) {
    return 'answered with an entry that is not about this signature';
  }
  const head = parseCheckpoint(inclusionProof?.checkpoint?.envelope ?? '');
  if (!head) return 'answered with an entry without a checkpoint';
  const place = { index: BigInt(logIndex), size: head.size };
  const root = rootFromProof(body, place, inclusionProof?.hashes ?? []);
  return root?.equals(head.root)
    ? undefined
    : 'answered with an inclusion proof that does not lead to its checkpoint';
}

/**
 * Writes a signature to Rekor v2. `@sigstore/sign` would send an envelope as a `dsse` entry, which
 * cosign does not accept, and would declare every key as a certificate.
 */
export async function witnessInRekorV2(
  url: string,
  content: SignatureBundle,
  publicKey: string,
  { call, find }: { readonly call: ServiceCallOptions | undefined; readonly find: FindEntry },
): Promise<{ readonly material: VerificationMaterial; readonly fault: string | undefined }> {
  const wanted = rekorV2Entry(content, publicKey);
  const asked = { method: 'POST', url: `${url}/api/v2/log/entries`, json: wanted.request } as const;
  const answer = await askService(asked, { timeoutMs: TIMEOUT_MS, ...call });
  // The entry exists already: from an attempt whose response was lost, or from an interrupted run.
  const conflict = answer.status === 409;
  if (answer.status >= 400 && !conflict) throw refusalOf(answer);
  const entry = conflict ? await entryInLog(answer, wanted, find) : parseEntry(answer);
  return { material: { tlogEntries: [entry] }, fault: rekorV2Fault(entry, wanted) };
}
