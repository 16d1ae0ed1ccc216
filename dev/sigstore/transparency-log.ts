import { type KeyObject, createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

import { MerkleTree, hashLeaf } from './merkle-tree';
import { canonicalJson } from './rekor-entry';

/** One entry of the log. */
export interface LoggedEntry {
  readonly uuid: string;
  /** Index in the log, which counts entries of earlier trees too. */
  readonly logIndex: number;
  /** Index in the tree. */
  readonly treeIndex: number;
  readonly body: Buffer;
  /** Whole seconds since 1970. */
  readonly integratedTime: number;
  readonly searchKeys: readonly string[];
}

/** An entry in a response of Rekor's v1 API. */
export interface EntryAnswer {
  readonly body: string;
  readonly integratedTime: number;
  readonly logID: string;
  readonly logIndex: number;
  readonly verification: {
    readonly inclusionProof: {
      readonly checkpoint: string;
      readonly hashes: readonly string[];
      readonly logIndex: number;
      readonly rootHash: string;
      readonly treeSize: number;
    };
    readonly signedEntryTimestamp?: string;
  };
}

/** The keys that a log signs with. */
export interface LogKeys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** Number of entries of an earlier tree: makes log indexes differ from tree indexes, as in the public log. */
const EARLIER_ENTRIES = 1000;

/** The earlier tree, which is frozen: its entries are not stored. */
export interface InactiveShard {
  readonly treeID: string;
  readonly treeSize: number;
  readonly rootHash: string;
  readonly signedTreeHead: string;
}

/** Rekor v1's log: a Merkle tree, its signed checkpoint, and signed entry timestamps. */
export class TransparencyLog {
  readonly keys: LogKeys;
  readonly publicKey: KeyObject;
  /** sha256 of the key's SubjectPublicKeyInfo. */
  readonly logId: Buffer;
  readonly treeId: bigint;
  readonly #privateKey: KeyObject;
  readonly #tree = new MerkleTree();
  #head: { readonly size: number; readonly host: string; readonly note: string } | undefined;
  readonly #entries: LoggedEntry[] = [];
  readonly #byUuid = new Map<string, LoggedEntry>();

  /** @param continued a log whose keys and tree id this one has, as a fork of it has them */
  constructor(continued?: Pick<TransparencyLog, 'keys' | 'treeId'>) {
    this.keys = continued?.keys ?? generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { publicKey, privateKey } = this.keys;
    this.publicKey = publicKey;
    this.#privateKey = privateKey;
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    this.logId = createHash('sha256').update(spki).digest();
    this.treeId = continued?.treeId ?? randomBytes(8).readBigUInt64BE() >> 1n;
  }

  get entries(): readonly LoggedEntry[] {
    return this.#entries;
  }

  get size(): number {
    return this.#tree.size;
  }

  get rootHash(): string {
    return this.#tree.root.toString('hex');
  }

  /** The UUID of an entry with this body, also of one that is not in the log. */
  uuidOf(body: Buffer): string {
    return this.treeId.toString(16).padStart(16, '0') + hashLeaf(body).toString('hex');
  }

  add(body: Buffer, searchKeys: readonly string[], integratedTime: number): LoggedEntry {
    const treeIndex = this.#tree.append(hashLeaf(body));
    const logIndex = treeIndex + EARLIER_ENTRIES;
    const entry = {
      uuid: this.uuidOf(body),
      logIndex,
      treeIndex,
      body,
      integratedTime,
      searchKeys,
    };
    this.#entries.push(entry);
    this.#byUuid.set(entry.uuid, entry);
    return entry;
  }

  /** By the full identifier, or by its last 64 digits (the leaf's hash). */
  byUuid(uuid: string): LoggedEntry | undefined {
    const full = uuid.length === 64 ? this.treeId.toString(16).padStart(16, '0') + uuid : uuid;
    return this.#byUuid.get(full);
  }

  byIndex(logIndex: number): LoggedEntry | undefined {
    return this.#entries[logIndex - EARLIER_ENTRIES];
  }

  /** @param promise whether to sign an entry timestamp, as Rekor v1 always does */
  answer(entry: LoggedEntry, host: string, promise: boolean): EntryAnswer {
    const signed = {
      body: entry.body.toString('base64'),
      integratedTime: entry.integratedTime,
      logID: this.logId.toString('hex'),
      logIndex: entry.logIndex,
    };
    const timestamp = sign('sha256', canonicalJson(signed), this.#privateKey).toString('base64');
    return {
      ...signed,
      verification: {
        inclusionProof: {
          checkpoint: this.checkpoint(host),
          hashes: this.#tree.inclusionProof(entry.treeIndex).map((hash) => hash.toString('hex')),
          logIndex: entry.treeIndex,
          rootHash: this.rootHash,
          treeSize: this.size,
        },
        ...(promise && { signedEntryTimestamp: timestamp }),
      },
    };
  }

  inactiveShard(host: string): InactiveShard {
    const root = createHash('sha256').update('an earlier tree').digest();
    const treeID = String(this.treeId >> 1n);
    return {
      treeID,
      treeSize: EARLIER_ENTRIES,
      rootHash: root.toString('hex'),
      signedTreeHead: this.#signed(`${host} - ${treeID}`, EARLIER_ENTRIES, root),
    };
  }

  /** Signed once for each size. */
  checkpoint(host: string): string {
    if (this.#head?.size !== this.size || this.#head.host !== host) {
      const note = this.#signed(`${host} - ${this.treeId}`, this.size, this.#tree.root);
      this.#head = { size: this.size, host, note };
    }
    return this.#head.note;
  }

  /** https://github.com/transparency-dev/formats/blob/main/log/README.md */
  #signed(origin: string, size: number, root: Buffer): string {
    const [host = ''] = origin.split(' ');
    const note = `${origin}\n${size}\n${root.toString('base64')}\n`;
    const signature = sign('sha256', Buffer.from(note, 'utf8'), this.#privateKey);
    const line = Buffer.concat([this.logId.subarray(0, 4), signature]).toString('base64');
    return `${note}\n\u2014 ${host} ${line}\n`;
  }

  consistencyProof(firstSize: number, lastSize: number): readonly string[] | undefined {
    if (firstSize < 1 || firstSize > lastSize || lastSize > this.size) return undefined;
    return this.#tree.consistencyProof(firstSize, lastSize).map((hash) => hash.toString('hex'));
  }
}
