import { SignedImageError } from '../error';
import { causesOf } from '../http/service-call';
import type { VerifiedHead } from '../sigstore/signed-checkpoint';

/** A tree of a log: Rekor v1 has one for each shard, of which only the last grows. */
export interface LogTree {
  /** Id of the tree (Rekor v1), or origin of the log. */
  readonly id: string;
  readonly head: VerifiedHead;
  /** Index in the log of the tree's first entry. */
  readonly offset: number;
}

/** An entry as the log returned it; its place in the tree is proven by the caller. */
export interface ReadEntry {
  /** Index in the log. */
  readonly logIndex: number;
  /** The leaf: canonical JSON. */
  readonly body: Buffer;
  /** Seconds since 1970 that the log claims (Rekor v1). */
  readonly integratedTime?: number;
}

/** Reads a transparency log. All errors are SignedImageErrors. */
export interface LogReader {
  readonly url: string;
  readonly version: 1 | 2;
  /** The trees, oldest first, with heads whose signatures are verified. */
  trees(): Promise<readonly LogTree[]>;
  /** The entries from `start` to `end` of the tree, in batches, in order. */
  entries(tree: LogTree, start: number, end: number): AsyncIterable<readonly ReadEntry[]>;
  /** A consistency proof between two sizes of a tree, without any check. */
  consistency(tree: LogTree, old: number, current: number): Promise<readonly Buffer[]>;
}

const PROPERTY = 'log';

/** The log cannot be read, or returned something that is not a log. */
export function unreadable(url: string, problem: string, cause?: unknown): SignedImageError {
  return new SignedImageError({
    code: 'REKOR_FAILED',
    property: PROPERTY,
    message: `the transparency log ${url} ${problem}`,
    cause,
  });
}

/** The log contradicts what it has signed. */
export function inconsistent(url: string, problem: string): SignedImageError {
  return new SignedImageError({
    code: 'LOG_INCONSISTENT',
    property: PROPERTY,
    message: `the transparency log ${url} ${problem}; the saved checkpoint is kept as evidence: report it to the operator of the log`,
  });
}

/** Runs a request; an error of the connection or of the answer is reported with the log's URL. */
export async function asking<T>(url: string, what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof SignedImageError) throw error;
    throw unreadable(url, `did not return ${what} (${causesOf(error)})`, error);
  }
}

const PARALLEL = 8;

/** Runs up to eight requests ahead of the consumer, and yields their results in order. */
export async function* inOrder<Request, Result>(
  requests: Iterable<Request>,
  run: (request: Request) => Promise<Result>,
): AsyncGenerator<Result> {
  const ahead: Promise<Result>[] = [];
  const iterator = requests[Symbol.iterator]();
  const start = (): void => {
    const next = iterator.next();
    if (next.done === true) return;
    const result = run(next.value);
    // Reported when its turn comes; without this, a failure before its turn would end the process.
    result.catch(() => undefined);
    ahead.push(result);
  };
  for (let count = 0; count < PARALLEL; count += 1) start();
  for (let result = ahead.shift(); result !== undefined; result = ahead.shift()) {
    const value = await result;
    start();
    yield value;
  }
}
