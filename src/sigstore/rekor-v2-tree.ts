import type { TransparencyLogEntry } from '@sigstore/bundle';

import { nodeHash, parseCheckpoint } from './inclusion';
import type { ServiceCallOptions } from '../http/service-call';
import { ServiceRefusal, askService } from './service-request';

/** Hashes of one tile: https://github.com/C2SP/C2SP/blob/main/tlog-tiles.md */
const TILE_HEIGHT = 8n;
const TILE_WIDTH = 256n;
const HASH_SIZE = 32;

export interface LogReading {
  readonly call: ServiceCallOptions | undefined;
  readonly logIds: () => Promise<readonly Buffer[]>;
}

/** A leaf and its index, as reported by the log. */
export interface KnownLeaf {
  readonly body: Buffer;
  readonly index: bigint;
}

/** A tile of 256 entries of at most 64 KiB each, with their lengths. */
const MAX_PART_SIZE = 17 * 1024 * 1024;

async function fetchPart(url: string, call: ServiceCallOptions | undefined): Promise<Buffer> {
  const request = { method: 'GET', url, limit: MAX_PART_SIZE } as const;
  const { status, body } = await askService(request, call);
  if (status !== 200) throw new ServiceRefusal(status, url);
  return body;
}

/** Fetches a text, such as a checkpoint. @throws ServiceRefusal, or the error of the connection */
export async function fetchText(
  url: string,
  call: ServiceCallOptions | undefined,
): Promise<string> {
  return (await fetchPart(url, call)).toString('utf8');
}

/** A tile of a tree: its path, and the number of its hashes or entries, of at most 256. */
interface TilePart {
  readonly path: string;
  readonly width: number;
}

/**
 * Fetches a tile. A log may remove a partial tile when the full one exists, which begins with the same content.
 * https://github.com/C2SP/C2SP/blob/main/tlog-tiles.md#partial-tiles
 */
export async function fetchTile(
  url: string,
  { path, width }: TilePart,
  call: ServiceCallOptions | undefined,
): Promise<Buffer> {
  const full = `${url}/${path}`;
  if (width >= Number(TILE_WIDTH)) return fetchPart(full, call);
  try {
    return await fetchPart(`${full}.p/${width}`, call);
  } catch (error) {
    const isGone = error instanceof ServiceRefusal && [404, 410].includes(error.statusCode);
    if (!isGone) throw error;
    return fetchPart(full, call).catch(() => {
      throw error;
    });
  }
}

/** `1234067` as `x001/x234/067`. */
export function tileNumber(index: bigint): string {
  const text = index.toString();
  const groups = text.padStart(Math.ceil(text.length / 3) * 3, '0').match(/\d{3}/g) ?? [];
  return groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
}

function largestPowerBelow(size: bigint): bigint {
  let power = 1n;
  while (power * 2n < size) power *= 2n;
  return power;
}

function merge(hashes: readonly Buffer[]): Buffer {
  const [first, second] = hashes;
  if (first === undefined) throw new Error('a tile of the log is too short');
  if (second === undefined) return first;
  const half = hashes.length / 2;
  return nodeHash(merge(hashes.slice(0, half)), merge(hashes.slice(half)));
}

/** A tree of a given size, which fetches each tile once. */
export class TiledTree {
  private readonly tiles = new Map<string, Promise<Buffer>>();

  constructor(
    private readonly url: string,
    private readonly size: bigint,
    private readonly call: ServiceCallOptions | undefined,
  ) {}

  /** https://www.rfc-editor.org/rfc/rfc6962#section-2.1.1 */
  async proof(index: bigint, start = 0n, end = this.size): Promise<readonly Buffer[]> {
    if (end - start <= 1n) return [];
    const middle = start + largestPowerBelow(end - start);
    return index < middle
      ? [...(await this.proof(index, start, middle)), await this.subtree(middle, end)]
      : [...(await this.proof(index, middle, end)), await this.subtree(start, middle)];
  }

  /** Proves that the tree of the first `size` leaves is a prefix: https://www.rfc-editor.org/rfc/rfc6962#section-2.1.2 */
  async consistencyProof(size: bigint): Promise<readonly Buffer[]> {
    return size <= 0n || size >= this.size ? [] : this.subproof(size, 0n, this.size, true);
  }

  /** @param isKnown whether the verifier has the root of the subtree */
  private async subproof(
    size: bigint,
    start: bigint,
    end: bigint,
    isKnown: boolean,
  ): Promise<readonly Buffer[]> {
    if (size === end) return isKnown ? [] : [await this.subtree(start, end)];
    const middle = start + largestPowerBelow(end - start);
    return size <= middle
      ? [...(await this.subproof(size, start, middle, isKnown)), await this.subtree(middle, end)]
      : [...(await this.subproof(size, middle, end, false)), await this.subtree(start, middle)];
  }

  private async subtree(start: bigint, end: bigint): Promise<Buffer> {
    const size = end - start;
    const half = size === 1n ? 1n : largestPowerBelow(size);
    if (size === 1n || half * 2n === size) return this.node(size, start / size);
    const middle = start + half;
    return nodeHash(await this.subtree(start, middle), await this.subtree(middle, end));
  }

  /** The node over `leaves` leaves, a power of two. */
  private async node(leaves: bigint, index: bigint): Promise<Buffer> {
    let level = 0n;
    let width = leaves;
    for (; width >= TILE_WIDTH; width /= TILE_WIDTH) level += 1n;
    const first = index * width;
    const tile = await this.tile(level, first / TILE_WIDTH);
    const offset = Number(first % TILE_WIDTH);
    const hashes = Array.from({ length: Number(width) }, (_, at) =>
      tile.subarray((offset + at) * HASH_SIZE, (offset + at + 1) * HASH_SIZE),
    );
    if (hashes.some(({ length }) => length !== HASH_SIZE)) {
      throw new Error('a tile of the log is too short');
    }
    return merge(hashes);
  }

  private tile(level: bigint, index: bigint): Promise<Buffer> {
    const there = (this.size >> (level * TILE_HEIGHT)) - index * TILE_WIDTH;
    const path = `tile/${level}/${tileNumber(index)}`;
    const width = Number(there < TILE_WIDTH ? there : TILE_WIDTH);
    const known = this.tiles.get(path) ?? fetchTile(this.url, { path, width }, this.call);
    this.tiles.set(path, known);
    return known;
  }
}

/** Returns the full id of the trusted log that signed: a checkpoint contains its first four bytes. */
function logIdOf(envelope: string, logIds: readonly Buffer[]): Buffer | undefined {
  const lines = envelope.split('\n').filter((line) => line.startsWith('\u2014 '));
  const hints = lines.map((line) => Buffer.from(line.split(' ')[2] ?? '', 'base64').subarray(0, 4));
  return logIds.find((id) => hints.some((hint) => hint.equals(id.subarray(0, 4))));
}

/**
 * Rebuilds an existing entry of Rekor v2 from its public tree. The log itself returns an entry only
 * once, in the response to the request that creates it.
 * https://github.com/sigstore/rekor-tiles/blob/v2.2.0/CLIENTS.md
 *
 * @returns `undefined` if the log is not one of the trusted ones
 * @throws Error if the log does not serve its tree, or not up to this leaf
 */
export async function readEntry(
  url: string,
  { body, index }: KnownLeaf,
  { call, logIds }: LogReading,
): Promise<TransparencyLogEntry | undefined> {
  const api = `${url}/api/v2`;
  const envelope = (await fetchPart(`${api}/checkpoint`, call)).toString('utf8');
  const head = parseCheckpoint(envelope);
  if (!head || head.size <= index) throw new Error(`its checkpoint does not reach entry ${index}`);
  const keyId = logIdOf(envelope, await logIds());
  if (!keyId) return undefined;
  const hashes = await new TiledTree(api, head.size, call).proof(index);
  return {
    logIndex: String(index),
    logId: { keyId },
    kindVersion: { kind: 'hashedrekord', version: '0.0.2' },
    integratedTime: '0',
    inclusionPromise: undefined,
    inclusionProof: {
      logIndex: String(index),
      rootHash: head.root,
      treeSize: String(head.size),
      hashes: [...hashes],
      checkpoint: { envelope },
    },
    canonicalizedBody: body,
  } as TransparencyLogEntry;
}
