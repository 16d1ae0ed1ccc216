import { createHash, createPublicKey, X509Certificate } from 'node:crypto';

import { type Handler, type ServiceAnswer, type ServiceRequest, json } from './http-service';
import { type CanonicalEntry, EntryRefused, canonicalEntry } from './rekor-entry';
import type { LoggedEntry, TransparencyLog } from './transparency-log';

export interface RekorSettings {
  /** Seconds by which the log's clock is ahead (negative: behind). Default: 0. */
  clockOffset: number;
  /** Whether entries have a signed entry timestamp. Default: true. */
  promise: boolean;
}

const MAX_QUERIES = 10;
const ENTRIES = '/api/v1/log/entries';

/** Rekor's v1 API: https://github.com/sigstore/rekor/blob/v1.5.3/openapi.yaml */
export function createRekor(log: TransparencyLog, host: string, settings: RekorSettings): Handler {
  const answerOf = (entry: LoggedEntry) => ({
    [entry.uuid]: log.answer(entry, host, settings.promise),
  });

  const create = (request: ServiceRequest): ServiceAnswer => {
    const { body, searchKeys } = parseEntry(request);
    const uuid = log.uuidOf(body);
    const location = `${ENTRIES}/${uuid}`;
    if (log.byUuid(uuid)) {
      const message = `an equivalent entry already exists in the transparency log with UUID ${uuid}`;
      return json(409, { code: 409, message }, { location });
    }
    const integratedTime = Math.floor(Date.now() / 1000) + settings.clockOffset;
    return json(201, answerOf(log.add(body, searchKeys, integratedTime)), { etag: uuid, location });
  };

  const retrieve = (request: ServiceRequest): ServiceAnswer => {
    const query = parseObject(request) as {
      readonly entryUUIDs?: readonly string[];
      readonly logIndexes?: readonly number[];
      readonly entries?: readonly unknown[];
    };
    const queries = [query.entryUUIDs, query.logIndexes, query.entries];
    if (queries.reduce((sum, list) => sum + (list?.length ?? 0), 0) > MAX_QUERIES) {
      const message = `more than max allowed ${MAX_QUERIES} entries in request`;
      return json(422, { code: 422, message });
    }
    const found = [
      ...(query.entryUUIDs ?? []).map((uuid) => log.byUuid(uuid)),
      ...(query.logIndexes ?? []).map((index) => log.byIndex(index)),
      ...(query.entries ?? []).map((entry) => log.byUuid(log.uuidOf(canonicalEntry(entry).body))),
    ];
    return json(200, found.filter((entry) => entry !== undefined).map(answerOf));
  };

  const search = (request: ServiceRequest): ServiceAnswer => {
    const keys = searchKeysOf(parseObject(request));
    if (keys.length === 0)
      throw new EntryRefused('at least one of email, publicKey, hash is needed');
    const found = log.entries.filter((entry) => keys.some((key) => entry.searchKeys.includes(key)));
    return json(
      200,
      found.map(({ uuid }) => uuid),
    );
  };

  const one = (entry: LoggedEntry | undefined): ServiceAnswer =>
    entry ? json(200, answerOf(entry)) : json(404, { code: 404, message: 'entry not found' });

  const consistency = ({ query }: ServiceRequest): ServiceAnswer => {
    const first = Number(query.get('firstSize') ?? '1');
    const hashes = log.consistencyProof(first, Number(query.get('lastSize')));
    if (!hashes) throw new EntryRefused('invalid range of tree sizes');
    return json(200, { hashes, rootHash: log.rootHash });
  };

  const route = (request: ServiceRequest): ServiceAnswer => {
    switch (`${request.method} ${request.path}`) {
      case `POST ${ENTRIES}`:
        return create(request);
      case `POST ${ENTRIES}/retrieve`:
        return retrieve(request);
      case `GET ${ENTRIES}`:
        return one(log.byIndex(Number(request.query.get('logIndex') ?? Number.NaN)));
      case 'POST /api/v1/index/retrieve':
        return search(request);
      case 'GET /api/v1/log':
        return json(200, {
          inactiveShards: [log.inactiveShard(host)],
          rootHash: log.rootHash,
          signedTreeHead: log.checkpoint(host),
          treeID: String(log.treeId),
          treeSize: log.size,
        });
      case 'GET /api/v1/log/proof':
        return consistency(request);
      case 'GET /api/v1/log/publicKey':
        return {
          status: 200,
          headers: { 'content-type': 'application/x-pem-file' },
          body: log.publicKey.export({ type: 'spki', format: 'pem' }),
        };
      default: {
        const uuid = /^\/api\/v1\/log\/entries\/([0-9a-f]{64}|[0-9a-f]{80})$/.exec(
          request.path,
        )?.[1];
        return one(request.method === 'GET' && uuid ? log.byUuid(uuid) : undefined);
      }
    }
  };

  return (request) => {
    try {
      return route(request);
    } catch (error) {
      if (!(error instanceof EntryRefused)) throw error;
      return json(400, { code: 400, message: error.message });
    }
  };
}

function parseEntry(request: ServiceRequest): CanonicalEntry {
  return canonicalEntry(parseObject(request));
}

function parseObject(request: ServiceRequest): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(request.body.toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Reported below.
  }
  throw new EntryRefused('the body is not a JSON object');
}

function searchKeysOf(query: Record<string, unknown>): string[] {
  const { hash, email, publicKey } = query as {
    readonly hash?: string;
    readonly email?: string;
    readonly publicKey?: { readonly content?: string };
  };
  const pem = Buffer.from(publicKey?.content ?? '', 'base64').toString('utf8');
  return [
    ...(hash ? [hash.includes(':') ? hash : `sha256:${hash}`] : []),
    ...(email ? [email] : []),
    ...(pem ? [`sha256:${createHash('sha256').update(normalised(pem)).digest('hex')}`] : []),
  ];
}

function normalised(pem: string): string {
  try {
    return pem.includes('BEGIN CERTIFICATE')
      ? new X509Certificate(pem).toString()
      : createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString();
  } catch {
    throw new EntryRefused('publicKey.content is not a PEM public key or certificate');
  }
}
