import { createHash } from 'node:crypto';

import {
  type Handler,
  type HttpService,
  startHttpService,
} from '../../../dev/sigstore/http-service';
import { createRekor } from '../../../dev/sigstore/rekor';
import { createRekorV2, type RekorV2 } from '../../../dev/sigstore/rekor-v2';
import { TransparencyLog } from '../../../dev/sigstore/transparency-log';

const ORIGIN = '127.0.0.1';
const START = '2020-01-01T00:00:00Z';
/** Index of the first entry: the log counts the entries of an earlier tree. */
export const FIRST_V1_INDEX = 1000;

/** A served log whose content can be exchanged, as a dishonest operator could. */
export interface ServedLog {
  readonly url: string;
  readonly version: 1 | 2;
  /** JSON: has the key of the log, and the authorities that were given. */
  readonly trustedRoot: string;
  /** Full id, base64. */
  readonly logId: string;
  /** Number of requests so far. */
  readonly requests: () => number;
  /** Adds an entry and returns its log index. */
  add(body: Buffer, searchKeys?: readonly string[]): number;
  /** Replaces the tree by one with the same keys, with these entries. */
  fork(bodies: readonly Buffer[]): void;
  /** Wraps the handler; `undefined` ends it. */
  intercept(wrap: ((handler: Handler) => Handler) | undefined): void;
  bodies(): readonly Buffer[];
  close(): Promise<void>;
}

async function serve(name: 'rekor' | 'rekor-v2', current: () => Handler) {
  let requests = 0;
  const service: HttpService = await startHttpService({
    name,
    handler: (request) => current()(request),
    fault: () => undefined,
    record: () => (requests += 1),
  });
  return { url: service.url, close: service.close, requests: () => requests };
}

function rootOf(
  log: { readonly url: string; readonly spki: Buffer; readonly logId: Buffer; details: string },
  authorities: readonly Buffer[],
): string {
  return JSON.stringify({
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [
      {
        baseUrl: log.url,
        hashAlgorithm: 'SHA2_256',
        publicKey: {
          rawBytes: log.spki.toString('base64'),
          keyDetails: log.details,
          validFor: { start: START },
        },
        logId: { keyId: log.logId.toString('base64') },
      },
    ],
    certificateAuthorities:
      authorities.length === 0
        ? []
        : [
            {
              subject: { organization: 'test', commonName: 'test' },
              uri: 'http://127.0.0.1',
              certChain: {
                certificates: authorities.map((der) => ({ rawBytes: der.toString('base64') })),
              },
              validFor: { start: START },
            },
          ],
    ctlogs: [],
    timestampAuthorities: [],
  });
}

export async function serveV2(authorities: readonly Buffer[] = []): Promise<ServedLog> {
  let log: RekorV2 = createRekorV2(ORIGIN);
  let wrap: ((handler: Handler) => Handler) | undefined;
  const { url, close, requests } = await serve('rekor-v2', () =>
    wrap ? wrap(log.handler) : log.handler,
  );
  const spki = log.publicKey.export({ type: 'spki', format: 'der' });
  const { logId, keys } = log;
  return {
    url,
    version: 2,
    requests,
    close,
    logId: logId.toString('base64'),
    trustedRoot: rootOf({ url, spki, logId, details: 'PKIX_ED25519' }, authorities),
    add: (body) => log.append(body),
    fork: (bodies) => {
      log = createRekorV2(ORIGIN, keys);
      for (const body of bodies) log.append(body);
    },
    intercept: (next) => void (wrap = next),
    bodies: () => log.entries,
  };
}

export async function serveV1(authorities: readonly Buffer[] = []): Promise<ServedLog> {
  let log = new TransparencyLog();
  const settings = { clockOffset: 0, promise: true };
  let handler = createRekor(log, ORIGIN, settings);
  let wrap: ((handler: Handler) => Handler) | undefined;
  const { url, close, requests } = await serve('rekor', () => (wrap ? wrap(handler) : handler));
  const spki = log.publicKey.export({ type: 'spki', format: 'der' });
  const logId = createHash('sha256').update(spki).digest();
  const add = (body: Buffer, searchKeys: readonly string[] = []): number =>
    log.add(body, searchKeys, 1_700_000_000).logIndex;
  return {
    url,
    version: 1,
    requests,
    close,
    logId: logId.toString('base64'),
    trustedRoot: rootOf({ url, spki, logId, details: 'PKIX_ECDSA_P256_SHA_256' }, authorities),
    add,
    fork: (bodies) => {
      log = new TransparencyLog(log);
      handler = createRekor(log, ORIGIN, settings);
      for (const body of bodies) add(body);
    },
    intercept: (next) => void (wrap = next),
    bodies: () => log.entries.map(({ body }) => body),
  };
}
