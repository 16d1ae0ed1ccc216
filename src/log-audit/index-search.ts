import type { TrustedIdentity } from '../verify';
import { leafHash, rootFromProof } from '../sigstore/inclusion';
import type { VerifiedHead } from '../sigstore/signed-checkpoint';
import { checkContinues } from './consistency';
import type { EntryCollector } from './entry-collector';
import type { AuditedSigners } from './entry-matcher';
import { inconsistent, inOrder, type LogTree, unreadable } from './log-reader';
import { MAX_QUERIES, type RekorV1Reader, type V1Entry } from './rekor-v1-reader';

/** What the index is searched for. */
export interface IndexQuery extends AuditedSigners {
  /** Hex of SHA-256: entries of these contents, also by our identities that the index does not have. */
  readonly digests: readonly string[];
}

export interface IndexResult {
  /** Entries that were read. */
  readonly read: number;
  readonly notes: readonly string[];
}

/** The index has identities only in the form of e-mail addresses. */
const EMAIL = /^[^\s@/]+@[^\s@/]+$/;

/** Finds entries by the search index of Rekor v1, and proves that each is in a signed tree. */
export class IndexSearch {
  /** Checkpoints that are proven to be consistent with the signed tree. */
  readonly #consistent = new Set<string>();

  constructor(
    private readonly reader: RekorV1Reader,
    private readonly trees: readonly LogTree[],
    private readonly collector: EntryCollector,
  ) {}

  /** @throws SignedImageError `LOG_INCONSISTENT`, `REKOR_FAILED` */
  async run({ keys, identities, digests }: IndexQuery): Promise<IndexResult> {
    const isEmail = ({ identity }: TrustedIdentity): boolean => EMAIL.test(identity ?? '');
    const emails = identities.filter(isEmail);
    const others = identities.filter((each) => !isEmail(each));
    const queries = [
      ...keys.map(({ pem }) => ({
        publicKey: { format: 'x509', content: Buffer.from(pem).toString('base64') },
      })),
      ...emails.map(({ identity }) => ({ email: identity })),
      ...digests.map((digest) => ({ hash: `sha256:${digest}` })),
    ];
    const uuids = new Set<string>();
    for (const query of queries) {
      for (const uuid of await this.reader.search(query)) uuids.add(uuid);
    }
    const found = [...uuids].sort();
    const batches = Array.from({ length: Math.ceil(found.length / MAX_QUERIES) }, (_, index) =>
      found.slice(index * MAX_QUERIES, (index + 1) * MAX_QUERIES),
    );
    for await (const entries of inOrder(batches, (batch) => this.reader.byUuid(batch))) {
      for (const entry of entries) await this.#add(entry);
    }
    const notes = others.map(({ identity, identityPattern }) => {
      const [name, kind] =
        identity === undefined
          ? [identityPattern, 'is a pattern']
          : [identity, 'is not an e-mail address'];
      return `the search index does not have the identity ${JSON.stringify(name)}, which ${kind}: only new entries are found, or read the log from an index (\`from\`)`;
    });
    return { read: found.length, notes };
  }

  async #add(entry: V1Entry): Promise<void> {
    const hash = leafHash(entry.body);
    const { uuid } = entry;
    if (!uuid.endsWith(hash.toString('hex'))) {
      throw inconsistent(this.reader.url, `returns for ${uuid.slice(0, 80)} another entry`);
    }
    this.collector.add(entry, { tree: await this.#treeOf(entry), hash });
  }

  /** Returns the tree that includes the entry, after its proof was verified. */
  async #treeOf({ uuid, body, proof, logIndex }: V1Entry): Promise<LogTree> {
    const { url } = this.reader;
    const tree = this.trees.find(({ id }) =>
      proof?.checkpoint.split('\n')[0]?.endsWith(` - ${id}`),
    );
    const head = tree && proof && this.reader.verified(proof.checkpoint, tree.id);
    if (!head) {
      throw unreadable(
        url,
        `returned the entry ${uuid.slice(0, 80)} without a proof that it has signed`,
      );
    }
    const position = { index: BigInt(proof.index), size: BigInt(head.size) };
    const root = rootFromProof(body, position, proof.hashes);
    if (!root?.equals(head.root) || logIndex !== tree.offset + proof.index) {
      throw inconsistent(url, `does not prove that it includes its entry ${logIndex}`);
    }
    await this.#checkConsistent(tree, head);
    return tree;
  }

  /** The log grows while it is read: the checkpoint of a proof may be an earlier or a later one. */
  async #checkConsistent(tree: LogTree, head: VerifiedHead): Promise<void> {
    const key = `${tree.id} ${head.size} ${head.root.toString('hex')}`;
    if (this.#consistent.has(key)) return;
    const isEarlier = head.size <= tree.head.size;
    const [older, newer] = isEarlier ? [head, tree.head] : [tree.head, head];
    await checkContinues(this.reader, { ...tree, head: newer }, older);
    this.#consistent.add(key);
  }
}
