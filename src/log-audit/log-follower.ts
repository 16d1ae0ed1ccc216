import type { TrustedRoot } from '@sigstore/protobuf-specs';

import { leafHash } from '../sigstore/inclusion';
import { TreeRange, isPowerOfTwo } from '../sigstore/tree-range';
import { verifyCheckpoint, type VerifiedHead } from '../sigstore/signed-checkpoint';
import { checkContinues, prove } from './consistency';
import { EntryCollector } from './entry-collector';
import type { EntryMatcher } from './entry-matcher';
import type { KnownEntries } from './known-entries';
import {
  type CheckpointStore,
  formatLogCheckpoint,
  type LogCheckpoint,
  parseLogCheckpoint,
} from './log-checkpoint';
import { inconsistent, type LogReader, type LogTree } from './log-reader';
import type { AuditedHead, LogAuditReport } from './log-report';

/** How many entries are read between two writes of the checkpoint. */
const SAVE_INTERVAL_MS = 10_000;

/** Progress of an audit, in entries. */
export interface LogProgress {
  readonly done: number;
  readonly total: number;
}

export interface FollowOptions {
  readonly reader: LogReader;
  readonly logs: TrustedRoot['tlogs'];
  readonly matcher: EntryMatcher;
  readonly known: KnownEntries;
  readonly store?: CheckpointStore | undefined;
  /** Log index of the first entry to read if the store has no checkpoint. */
  readonly from: number;
  /** How many entries to read at most; the next run continues after them. Default: all. */
  readonly limit?: number | undefined;
  readonly now: () => Date;
  readonly onProgress?: ((progress: LogProgress) => void) | undefined;
  /** Milliseconds between writes of the checkpoint. Default: 10000. */
  readonly saveInterval?: number | undefined;
}

/** A part of a tree that is to be read. */
interface Part {
  readonly tree: LogTree;
  readonly start: number;
  /** The root over the entries before `start` that an earlier run has verified. */
  readonly root?: Buffer;
}

/** The parts after a checkpoint: the rest of its tree, and all later trees. */
function partsAfter(
  trees: readonly LogTree[],
  { tree: id, size, root }: LogCheckpoint,
  url: string,
): readonly Part[] {
  const at = trees.findIndex((tree) => tree.id === id);
  const tree = trees[at];
  if (!tree) {
    throw inconsistent(url, `no longer has the tree ${id}, of which it has signed ${size} entries`);
  }
  if (tree.head.size < size) {
    throw inconsistent(
      url,
      `now signs ${tree.head.size} entries in its tree ${id}, after it has signed ${size}`,
    );
  }
  const later = trees.slice(at + 1).map((each): Part => ({ tree: each, start: 0 }));
  return [{ tree, start: size, root }, ...later];
}

/**
 * The parts from a log index. A consistency proof contains the hashes of all entries before a size, except
 * where the size is a power of two: there the part begins one entry earlier.
 */
function partsFrom(trees: readonly LogTree[], from: number): readonly Part[] {
  return trees
    .filter(({ offset, head }) => offset + head.size > from)
    .map((tree) => {
      const start = Math.max(from - tree.offset, 0);
      const isProven = start === 0 || !isPowerOfTwo(start);
      return { tree, start: isProven ? start : start <= 2 ? 0 : start - 1 };
    });
}

const describe = (id: string, { size, root }: { size: number; root: Buffer }): AuditedHead => ({
  tree: id,
  size,
  root: root.toString('base64'),
});

/** Reads the parts of a log in order, and proves that they are what the log has signed. */
export class LogFollower {
  readonly #options: FollowOptions;
  readonly #collector: EntryCollector;
  #done = 0;
  #saved = 0;

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#collector = new EntryCollector(options.matcher, options.known);
  }

  /** @throws SignedImageError `LOG_INCONSISTENT`, `REKOR_FAILED`, `INPUT_INVALID` */
  async run(): Promise<LogAuditReport> {
    const { reader, store, from, now } = this.#options;
    const text = await store?.read();
    const saved = text === undefined ? undefined : parseLogCheckpoint(text, reader.url);
    const signed = saved && this.#signedHead(saved);
    const trees = await reader.trees();
    const parts = saved ? partsAfter(trees, saved, reader.url) : partsFrom(trees, from);
    const [first] = parts;
    if (signed && first) await checkContinues(reader, first.tree, signed);
    this.#collector.resume(saved?.findings ?? []);
    const total = parts.reduce((sum, { tree, start }) => sum + tree.head.size - start, 0);
    const limit = Math.min(total, this.#options.limit ?? total);
    const last = trees.at(-1);
    if (!last) throw inconsistent(reader.url, 'has no tree');
    let to = describe(last.id, last.head);
    for (const part of parts) {
      to = await this.#read(part, limit);
      if (this.#done === limit && limit < total) break;
    }
    if (limit === total) {
      to = describe(last.id, last.head);
      await this.#save(last, last.head);
    }
    const { known, findings, unparsed } = this.#collector;
    return {
      log: reader.url,
      version: reader.version,
      time: now().toISOString(),
      search: 'entries',
      ...(saved && { from: describe(saved.tree, saved) }),
      to,
      read: this.#done,
      ...(limit < total && { remaining: total - limit }),
      known,
      findings,
      unparsed,
      notes: [],
    };
  }

  /** Returns the signed head of a checkpoint. The file may have been changed: it must fit to the rest. */
  #signedHead({ note, size, root, tree }: LogCheckpoint): VerifiedHead {
    const { reader, logs } = this.#options;
    const head = verifyCheckpoint(note, logs);
    const isTree = head?.origin === tree || head?.origin.endsWith(` - ${tree}`);
    const isProven = head && (head.size > size || (head.size === size && head.root.equals(root)));
    if (isTree && isProven) return head;
    throw inconsistent(
      reader.url,
      'is not the one of the saved checkpoint, or the checkpoint file was modified: no log of the trusted root has signed its checkpoint',
    );
  }

  /** Reads a part, or as much of it as the limit allows. */
  async #read({ tree, start, root }: Part, limit: number): Promise<AuditedHead> {
    const { reader, onProgress, saveInterval = SAVE_INTERVAL_MS } = this.#options;
    const { head } = tree;
    const range = await this.#rangeAt(tree, start, root);
    // All entries are in the saved checkpoint already.
    if (!range) return describe(tree.id, head);
    const end = Math.min(head.size, start + limit - this.#done);
    let lastSave = Date.now();
    for await (const entries of reader.entries(tree, start, end)) {
      for (const entry of entries) {
        const hash = leafHash(entry.body);
        range.append(hash);
        this.#collector.add(entry, { tree, hash });
      }
      this.#done += entries.length;
      onProgress?.({ done: this.#done, total: limit });
      if (range.size < end && Date.now() - lastSave >= saveInterval) {
        await this.#saveInterim(tree, range);
        lastSave = Date.now();
      }
    }
    const interim = range.root();
    if (end < head.size && range.size === end && interim) {
      await this.#saveInterim(tree, range);
      return describe(tree.id, { size: end, root: interim });
    }
    if (range.size !== head.size || !range.root()?.equals(head.root)) {
      throw inconsistent(
        reader.url,
        `returned entries that are not those of its signed checkpoint of ${head.size} entries (tree ${tree.id})`,
      );
    }
    await this.#save(tree, head);
    return describe(tree.id, head);
  }

  /** Returns the verified range before the first entry to read; `undefined` if there is nothing to read. */
  async #rangeAt(
    tree: LogTree,
    start: number,
    root: Buffer | undefined,
  ): Promise<TreeRange | undefined> {
    const { reader } = this.#options;
    if (start === tree.head.size) {
      if (root !== undefined && start > 0)
        await checkContinues(reader, tree, { size: start, root });
      return undefined;
    }
    return start === 0 ? new TreeRange() : (await prove(reader, tree, start, root)).range;
  }

  /** What is saved in between is proven to be part of the signed tree, as the end is. */
  async #saveInterim(tree: LogTree, range: TreeRange): Promise<void> {
    const root = range.root();
    if (!root) return;
    await prove(this.#options.reader, tree, range.size, root);
    await this.#save(tree, { size: range.size, root });
  }

  async #save(tree: LogTree, { size, root }: { size: number; root: Buffer }): Promise<void> {
    const { store, reader } = this.#options;
    const checkpoint: LogCheckpoint = {
      log: reader.url,
      tree: tree.id,
      size,
      root,
      note: tree.head.note,
      findings: this.#collector.findings,
    };
    const text = formatLogCheckpoint(checkpoint);
    await store?.write(text);
  }
}
