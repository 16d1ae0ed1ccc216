import { SignedImageError } from '../error';
import type { EntryMatcher } from './entry-matcher';
import { fingerprintOf, parseEntry } from './entry-signers';
import type { KnownEntries } from './known-entries';
import type { LogTree, ReadEntry } from './log-reader';
import type { LoggedFinding } from './log-report';

/** A compromised key may sign without end, and the memory of an audit is bounded. */
const MAX_FINDINGS = 20_000;
const MAX_UNPARSED = 100;

/** Where an entry is in the log. */
export interface EntryPlace {
  readonly tree: Pick<LogTree, 'id' | 'head'>;
  /** The hash of its leaf. */
  readonly hash: Buffer;
}

/** Collects the entries of our signers that are not known. */
export class EntryCollector {
  #known = 0;
  readonly #findings: LoggedFinding[] = [];
  readonly #unparsed: number[] = [];

  constructor(
    private readonly matcher: EntryMatcher,
    private readonly entries: KnownEntries,
  ) {}

  get known(): number {
    return this.#known;
  }

  /** In the order of the log. */
  get findings(): readonly LoggedFinding[] {
    return this.#findings;
  }

  get unparsed(): readonly number[] {
    return this.#unparsed;
  }

  /** Adds the findings of an earlier run that are still not known. */
  resume(findings: readonly LoggedFinding[]): void {
    this.#findings.push(
      ...findings.filter(
        ({ logIndex, logId, leafHash, digests }) =>
          !this.entries.has({
            logIndex,
            logId: Buffer.from(logId, 'base64'),
            leafHash,
            digests: digests.map((digest) => digest.replace(/^sha256:/, '')),
          }),
      ),
    );
  }

  add({ logIndex, body, integratedTime }: ReadEntry, { tree, hash }: EntryPlace): void {
    const content = parseEntry(body);
    if (!content) {
      if (this.#unparsed.length < MAX_UNPARSED) this.#unparsed.push(logIndex);
      return;
    }
    const match = this.matcher.match(content);
    if (!match) return;
    const { logId } = tree.head;
    const leafHash = hash.toString('hex');
    if (this.entries.has({ logIndex, logId, leafHash, digests: content.digests })) {
      this.#known += 1;
      return;
    }
    if (this.#findings.length >= MAX_FINDINGS) throw tooMany(logIndex);
    this.#findings.push({
      logIndex,
      logId: logId.toString('base64'),
      tree: tree.id,
      leafHash,
      kind: `${content.kind} ${content.apiVersion}`,
      signer: match.signer,
      digests: content.digests.map((digest) => `sha256:${digest}`),
      ...(integratedTime !== undefined && {
        integratedTime: new Date(integratedTime * 1000).toISOString(),
      }),
      fingerprint: fingerprintOf(match.verifier),
    });
  }
}

function tooMany(logIndex: number): SignedImageError {
  return new SignedImageError({
    code: 'CONTENT_TOO_LARGE',
    property: 'log',
    message: `more than ${MAX_FINDINGS} entries of these signers are not known (up to log index ${logIndex}); give the states of all stacks that use them, or a later first index`,
  });
}
