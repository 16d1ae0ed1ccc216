import { InvalidInputError, type Problem } from '../error';
import { problemsOf } from '../error/signed-image-error';
import type { ServiceCallOptions } from '../http/service-call';
import { normalizeServiceUrl, serviceUrlFault } from '../http/service-url';
import { loadInstanceRoot, processHost, PUBLIC_REKOR_URL, type SigningHost } from '../sign';
import { askService } from '../sigstore/service-request';
import { loadAuditedSigners, type SignerArgs } from './audited-signers';
import { EntryCollector } from './entry-collector';
import { type AuditedSigners, EntryMatcher } from './entry-matcher';
import { IndexSearch } from './index-search';
import { KnownEntries } from './known-entries';
import { type CheckpointStore, formatLogCheckpoint } from './log-checkpoint';
import { type FollowOptions, LogFollower, type LogProgress } from './log-follower';
import { asking, inconsistent } from './log-reader';
import type { LogAuditReport } from './log-report';
import { RekorV1Reader } from './rekor-v1-reader';
import { RekorV2Reader } from './rekor-v2-reader';

/** The signers to search for, the log, and what is known. */
export interface LogAuditArgs extends SignerArgs {
  /** URL of the log. Default: the only log of a declared trusted root, otherwise the public Rekor v1. */
  readonly log?: string | undefined;
  /** Version of its API. Default: detected. */
  readonly version?: 1 | 2 | undefined;
  /** Path or JSON text; has the key of the log. Default: that of the public instance. */
  readonly trustedRoot?: string | undefined;
  readonly clientTrustConfig?: string | undefined;
  /** Outputs of `pulumi stack export` of all stacks that use the signers. */
  readonly stackStates?: readonly string[] | undefined;
  /** Lists of further known entries: log indexes, UUIDs and digests, one in a line. */
  readonly known?: readonly string[] | undefined;
  /** Hex of SHA-256 of signed contents, to search the index of Rekor v1 for. */
  readonly digests?: readonly string[] | undefined;
  /**
   * Log index of the first entry to read if there is no checkpoint. Default: 0 for Rekor v2; for Rekor v1
   * earlier entries are found by its index, and later runs read the entries after the checkpoint.
   */
  readonly from?: number | undefined;
  /** How many entries to read at most; the next run continues from the checkpoint. Default: all. */
  readonly limit?: number | undefined;
  /** Where the state of the audit is kept. Default: nowhere, each run begins again. */
  readonly checkpoint?: CheckpointStore | undefined;
}

/** The environment of an audit. Default: that of this process. */
export interface LogAuditHost {
  readonly host?: SigningHost | undefined;
  readonly call?: ServiceCallOptions | undefined;
  readonly onProgress?: ((progress: LogProgress) => void) | undefined;
  /** Milliseconds between writes of the checkpoint. Default: 10000. */
  readonly saveInterval?: number | undefined;
}

const SHA256 = /^[0-9a-f]{64}$/;

function argumentProblems({ log, digests = [], from, limit, version }: LogAuditArgs): Problem[] {
  const problems: Problem[] = [];
  const report = (property: string, message: string): void =>
    void problems.push({ property, code: 'INPUT_INVALID', message });
  if (digests.some((digest) => !SHA256.test(digest))) {
    report('digests', 'must be SHA-256 digests: 64 lowercase hex digits each');
  }
  if (from !== undefined && !(Number.isSafeInteger(from) && from >= 0)) {
    report('from', 'must be a log index: 0 or a positive whole number');
  }
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0)) {
    report('limit', 'must be a positive whole number of entries');
  }
  const urlFault = log === undefined ? undefined : serviceUrlFault(log, { carriesSecret: false });
  if (urlFault !== undefined) report('log', urlFault);
  if (version !== undefined && ![1, 2].includes(version)) report('version', 'must be 1 or 2');
  return problems;
}

async function loadArguments(args: LogAuditArgs, host: SigningHost) {
  const { trustedRoot, clientTrustConfig } = args;
  const problems = argumentProblems(args);
  let signers: AuditedSigners = { keys: [], identities: [] };
  const load = async (): Promise<unknown> => (signers = await loadAuditedSigners(args, host));
  problems.push(...(await problemsOf('keys', load)));
  const known = new KnownEntries();
  for (const text of args.stackStates ?? []) {
    problems.push(...(await problemsOf('stackStates', async () => known.addState(text))));
  }
  for (const text of args.known ?? []) {
    problems.push(...(await problemsOf('known', async () => known.addList(text))));
  }
  if (problems.length > 0) throw new InvalidInputError(problems);
  const root = await loadInstanceRoot({ trustedRoot, clientTrustConfig }, host);
  return { signers, known, root };
}

function urlOf(args: LogAuditArgs, tlogs: FollowOptions['logs']): string {
  if (args.log !== undefined) return normalizeServiceUrl(args.log);
  const isDeclared = args.trustedRoot !== undefined || args.clientTrustConfig !== undefined;
  if (!isDeclared) return PUBLIC_REKOR_URL;
  const urls = [...new Set(tlogs.map(({ baseUrl }) => baseUrl))];
  const [url, another] = urls;
  if (url !== undefined && another === undefined) return normalizeServiceUrl(url);
  throw new InvalidInputError([
    {
      property: 'log',
      code: 'INPUT_INVALID',
      message: `must be set: the trusted root has ${urls.length} logs${urls.length > 0 ? ` (${urls.join(', ')})` : ''}`,
    },
  ]);
}

/** Only Rekor v2 serves a checkpoint under this path. */
async function detectVersion(url: string, call: ServiceCallOptions | undefined): Promise<1 | 2> {
  const { status } = await asking(url, 'an answer', () =>
    askService({ method: 'GET', url: `${url}/api/v2/checkpoint` }, call),
  );
  return status === 200 ? 2 : 1;
}

type IndexOptions = Pick<FollowOptions, 'matcher' | 'known' | 'store' | 'now'> & {
  readonly query: Parameters<IndexSearch['run']>[0];
};

/** The first run on a Rekor v1: its index finds earlier entries, and later runs follow from here. */
async function searchIndex(
  reader: RekorV1Reader,
  { matcher, known, store, now, query }: IndexOptions,
): Promise<LogAuditReport> {
  const trees = await reader.trees();
  const last = trees.at(-1);
  if (!last) throw inconsistent(reader.url, 'has no tree');
  const collector = new EntryCollector(matcher, known);
  const { read, notes } = await new IndexSearch(reader, trees, collector).run(query);
  const findings = [...collector.findings].sort((a, b) => a.logIndex - b.logIndex);
  const { size, root, note } = last.head;
  await store?.write(
    formatLogCheckpoint({ log: reader.url, tree: last.id, size, root, note, findings }),
  );
  return {
    log: reader.url,
    version: 1,
    time: now().toISOString(),
    search: 'index',
    to: { tree: last.id, size, root: root.toString('base64') },
    read,
    known: collector.known,
    findings,
    unparsed: collector.unparsed,
    notes,
  };
}

/**
 * Finds the entries of a transparency log that were made with the given keys or identities, and reports
 * those that no stack has made. The log's checkpoint is verified, it is proven to continue the saved one, and
 * every entry in the report is proven to be in its tree.
 *
 * @throws InvalidInputError with all problems of the arguments, before any request
 * @throws SignedImageError `LOG_INCONSISTENT` if the log contradicts a checkpoint that it has signed,
 *   `REKOR_FAILED` if it cannot be read; the checkpoint is then not changed beyond what was proven
 */
export async function auditLog(
  args: LogAuditArgs,
  { host = processHost(), call, onProgress, saveInterval }: LogAuditHost = {},
): Promise<LogAuditReport> {
  const { signers, known, root } = await loadArguments(args, host);
  const { from, limit, checkpoint: store, digests = [] } = args;
  const url = urlOf(args, root.tlogs);
  const ofUrl = root.tlogs.filter(({ baseUrl }) => normalizeServiceUrl(baseUrl) === url);
  const logs = ofUrl.length > 0 ? ofUrl : root.tlogs;
  const version = args.version ?? (await detectVersion(url, call));
  const matcher = new EntryMatcher(signers, root);
  const now = host.now;
  const options = { logs, matcher, known, store, limit, now, onProgress, saveInterval };
  if (version === 2) {
    const reader = new RekorV2Reader(url, logs, call);
    return new LogFollower({ ...options, reader, from: from ?? 0 }).run();
  }
  const reader = new RekorV1Reader(url, logs, call);
  const isFollowed = from !== undefined || (await store?.read()) !== undefined;
  return isFollowed
    ? new LogFollower({ ...options, reader, from: from ?? 0 }).run()
    : searchIndex(reader, { ...options, query: { ...signers, digests } });
}
