import { setTimeout as sleep } from 'node:timers/promises';

import type { TrustedRoot } from '@sigstore/protobuf-specs';

import type { JsonObject } from '../http/json-body';
import { parseBoundedJson } from '../http/json-bounds';
import { fetchOptions, type ServiceCallOptions } from '../http/service-call';
import { isJsonObject } from '../oci';
import { askService, refusalOf, type ServiceRequest } from '../sigstore/service-request';
import { verifyCheckpoint, type VerifiedHead } from '../sigstore/signed-checkpoint';
import {
  asking,
  inconsistent,
  inOrder,
  type LogReader,
  type LogTree,
  type ReadEntry,
  unreadable,
} from './log-reader';

/** https://github.com/sigstore/rekor/blob/v1.5.3/pkg/api/entries.go: maxSearchQueries */
export const MAX_QUERIES = 10;
/** Ten entries, each with a proof and an attestation of up to 100 KiB that the log may store with it. */
const MAX_ANSWER = 32 * 1024 * 1024;
const HASH = /^[0-9a-f]{64}$/;

/** An entry of the answer of Rekor v1, by its UUID. */
export interface V1Entry extends ReadEntry {
  readonly uuid: string;
  /** Hex of the log's id. */
  readonly logId: string;
  readonly proof?: {
    /** Index in the tree. */
    readonly index: number;
    readonly hashes: readonly Buffer[];
    /** The signed note. */
    readonly checkpoint: string;
  };
}

const isIndex = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

function hashesOf(values: unknown): readonly Buffer[] {
  if (!Array.isArray(values) || values.length > 64) throw new Error('a proof is malformed');
  return values.map((hash: unknown) => {
    if (typeof hash !== 'string' || !HASH.test(hash)) throw new Error('a proof is malformed');
    return Buffer.from(hash, 'hex');
  });
}

function proofOf(verification: unknown): V1Entry['proof'] {
  const proof = isJsonObject(verification) ? verification['inclusionProof'] : undefined;
  if (!isJsonObject(proof)) return undefined;
  const { logIndex, hashes, checkpoint } = proof;
  if (!isIndex(logIndex) || typeof checkpoint !== 'string') return undefined;
  return { index: logIndex, hashes: hashesOf(hashes), checkpoint };
}

/** The entries of an answer: a list of objects, each with one UUID. */
export function parseV1Entries(answer: unknown): readonly V1Entry[] {
  if (!Array.isArray(answer)) throw new Error('its answer is not a list of entries');
  return answer.flatMap((each: unknown) =>
    Object.entries(isJsonObject(each) ? each : {}).map(([uuid, entry]): V1Entry => {
      const { body, logIndex, logID, integratedTime, verification } = isJsonObject(entry)
        ? entry
        : ({} as JsonObject);
      if (typeof body !== 'string' || !isIndex(logIndex) || typeof logID !== 'string') {
        throw new Error('its answer is not a log entry');
      }
      const proof = proofOf(verification);
      return {
        uuid,
        logIndex,
        logId: logID,
        body: Buffer.from(body, 'base64'),
        ...(isIndex(integratedTime) && { integratedTime }),
        ...(proof && { proof }),
      };
    }),
  );
}

/** A shard in the answer of `/api/v1/log`: the active one, or one of `inactiveShards`. */
interface Shard {
  readonly treeId: string;
  readonly note: string;
}

function shardOf(value: unknown): Shard {
  const { treeID, signedTreeHead } = isJsonObject(value) ? value : ({} as JsonObject);
  if (typeof treeID !== 'string' || typeof signedTreeHead !== 'string') {
    throw new Error('its answer does not describe a tree');
  }
  return { treeId: treeID, note: signedTreeHead };
}

function* batches(start: number, end: number): Generator<readonly number[]> {
  for (let first = start; first < end; first += MAX_QUERIES) {
    const length = Math.min(MAX_QUERIES, end - first);
    yield Array.from({ length }, (_, index) => first + index);
  }
}

/** Reads a Rekor v1: https://github.com/sigstore/rekor/blob/v1.5.3/openapi.yaml */
export class RekorV1Reader implements LogReader {
  readonly version = 1;

  constructor(
    readonly url: string,
    private readonly logs: TrustedRoot['tlogs'],
    private readonly call: ServiceCallOptions | undefined,
  ) {}

  async trees(): Promise<readonly LogTree[]> {
    const shards = await asking(this.url, 'its trees', async () => {
      const info = await this.#ask({ method: 'GET', url: `${this.url}/api/v1/log` });
      const inactive = isJsonObject(info) ? info['inactiveShards'] : undefined;
      return [...(Array.isArray(inactive) ? inactive : []).map(shardOf), shardOf(info)];
    });
    let offset = 0;
    return shards.map((shard) => {
      const tree = { id: shard.treeId, head: this.#head(shard), offset };
      offset += tree.head.size;
      return tree;
    });
  }

  async *entries(
    { offset }: LogTree,
    start: number,
    end: number,
  ): AsyncGenerator<readonly ReadEntry[]> {
    yield* inOrder(batches(start + offset, end + offset), (indexes) => this.#batch(indexes));
  }

  async consistency({ id }: LogTree, old: number, current: number): Promise<readonly Buffer[]> {
    const query = `firstSize=${old}&lastSize=${current}&treeID=${encodeURIComponent(id)}`;
    return asking(this.url, 'a consistency proof', async () => {
      const answer = await this.#ask({
        method: 'GET',
        url: `${this.url}/api/v1/log/proof?${query}`,
      });
      return hashesOf(isJsonObject(answer) ? answer['hashes'] : undefined);
    });
  }

  /** The UUIDs that the search index has for a value. */
  async search(query: JsonObject): Promise<readonly string[]> {
    const what =
      'results of its search index, without which it can be read from an index (`from`):';
    return asking(this.url, what, async () => {
      const url = `${this.url}/api/v1/index/retrieve`;
      const uuids = await this.#ask({ method: 'POST', url, json: query });
      if (uuids === null) return [];
      if (!Array.isArray(uuids)) throw new Error('its answer is not a list of UUIDs');
      return uuids.filter((uuid): uuid is string => typeof uuid === 'string');
    });
  }

  /** The entries with these UUIDs, of which there are at most {@link MAX_QUERIES}. */
  async byUuid(uuids: readonly string[]): Promise<readonly V1Entry[]> {
    return this.#retrieve({ entryUUIDs: uuids });
  }

  /** Verifies the signature of a checkpoint of a tree of this log. */
  verified(note: string, treeId: string): VerifiedHead | undefined {
    const head = verifyCheckpoint(note, this.logs);
    return head?.origin.endsWith(` - ${treeId}`) ? head : undefined;
  }

  #head({ note, treeId }: Shard): VerifiedHead {
    const head = this.verified(note, treeId);
    if (head) return head;
    throw unreadable(
      this.url,
      `returned a checkpoint of its tree ${treeId.slice(0, 40)} that no log of the trusted root has signed`,
    );
  }

  /** Retries missing entries: a replica of the log may be some seconds behind its checkpoint. */
  async #batch(indexes: readonly number[]): Promise<readonly ReadEntry[]> {
    const { retry } = fetchOptions(this.call);
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.#retrieve({ logIndexes: indexes });
      const found = new Map(answer.map((entry) => [entry.logIndex, entry]));
      const entries = indexes.flatMap((index) => found.get(index) ?? []);
      if (entries.length === indexes.length) return entries;
      if (attempt >= retry.retries) {
        const missing = indexes.find((index) => !found.has(index));
        throw inconsistent(
          this.url,
          `does not return entry ${missing}, which its signed checkpoint includes`,
        );
      }
      await sleep(retry.minTimeout * retry.factor ** attempt);
    }
  }

  async #retrieve(query: JsonObject): Promise<readonly V1Entry[]> {
    return asking(this.url, 'its entries', async () =>
      parseV1Entries(
        await this.#ask({
          method: 'POST',
          url: `${this.url}/api/v1/log/entries/retrieve`,
          json: query,
        }),
      ),
    );
  }

  async #ask(request: ServiceRequest): Promise<unknown> {
    const answer = await askService({ ...request, limit: MAX_ANSWER }, this.call);
    if (answer.status !== 200) throw refusalOf(answer);
    return parseBoundedJson(answer.body);
  }
}
