import type { TrustedRoot } from '@sigstore/protobuf-specs';

import type { ServiceCallOptions } from '../http/service-call';
import { fetchTile, fetchText, tileNumber, TiledTree } from '../sigstore/rekor-v2-tree';
import { verifyCheckpoint } from '../sigstore/signed-checkpoint';
import {
  asking,
  inconsistent,
  inOrder,
  type LogReader,
  type LogTree,
  type ReadEntry,
  unreadable,
} from './log-reader';

/** Entries of one bundle: https://github.com/C2SP/C2SP/blob/main/tlog-tiles.md#log-entries */
const WIDTH = 256;
const LENGTH_BYTES = 2;

/** Splits a bundle into its entries, each with its length in two bytes before it; `undefined` if it is malformed. */
export function parseEntryBundle(bundle: Buffer): readonly Buffer[] | undefined {
  const entries: Buffer[] = [];
  let at = 0;
  while (at < bundle.length) {
    if (at + LENGTH_BYTES > bundle.length) return undefined;
    const end = at + LENGTH_BYTES + bundle.readUInt16BE(at);
    if (end > bundle.length || entries.length === WIDTH) return undefined;
    entries.push(bundle.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return entries;
}

function* tilesOf(start: number, end: number): Generator<number> {
  for (let tile = Math.floor(start / WIDTH); tile * WIDTH < end; tile += 1) yield tile;
}

/** Reads a Rekor v2 by its tiles: https://github.com/sigstore/rekor-tiles/blob/v2.3.0/CLIENTS.md */
export class RekorV2Reader implements LogReader {
  readonly version = 2;
  readonly #api: string;

  constructor(
    readonly url: string,
    private readonly logs: TrustedRoot['tlogs'],
    private readonly call: ServiceCallOptions | undefined,
  ) {
    this.#api = `${url}/api/v2`;
  }

  async trees(): Promise<readonly LogTree[]> {
    const address = `${this.#api}/checkpoint`;
    const note = await asking(this.url, 'a checkpoint', () => fetchText(address, this.call));
    const head = verifyCheckpoint(note, this.logs);
    if (!head) {
      throw unreadable(
        this.url,
        'returned a checkpoint that no log of the trusted root has signed',
      );
    }
    return [{ id: head.origin, head, offset: 0 }];
  }

  async *entries(
    { head }: LogTree,
    start: number,
    end: number,
  ): AsyncGenerator<readonly ReadEntry[]> {
    const read = (tile: number): Promise<readonly Buffer[]> => this.#bundle(tile, head.size);
    let first = Math.floor(start / WIDTH) * WIDTH;
    for await (const bodies of inOrder(tilesOf(start, end), read)) {
      const from = Math.max(start - first, 0);
      const base = first + from;
      yield bodies
        .slice(from, end - first)
        .map((body, index) => ({ logIndex: base + index, body }));
      first += WIDTH;
    }
  }

  async consistency(_: LogTree, old: number, current: number): Promise<readonly Buffer[]> {
    // For each proof a new one, which keeps its tiles: those of a long audit would fill the memory.
    const tree = new TiledTree(this.#api, BigInt(current), this.call);
    return asking(this.url, 'the tiles of its tree', () => tree.consistencyProof(BigInt(old)));
  }

  async #bundle(tile: number, size: number): Promise<readonly Buffer[]> {
    const width = Math.min(WIDTH, size - tile * WIDTH);
    const part = { path: `tile/entries/${tileNumber(BigInt(tile))}`, width };
    const bundle = await asking(this.url, `entries from ${tile * WIDTH}`, () =>
      fetchTile(this.#api, part, this.call),
    );
    const bodies = parseEntryBundle(bundle);
    if (!bodies) throw unreadable(this.url, `returned a malformed entry bundle (${part.path})`);
    if (bodies.length < width) {
      throw inconsistent(
        this.url,
        `has signed ${size} entries and serves only ${bodies.length} of ${width} in ${part.path}`,
      );
    }
    return bodies.slice(0, width);
  }
}
