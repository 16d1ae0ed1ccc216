import type { LogAuditArgs } from '../log-audit';
import { IDENTITY_OPTIONS, identitiesOf } from './identity-options';
import { textOf } from './verification-options';
import type { CommandContext } from './command';
import { modules } from './modules';
import { inGroup, type OptionValues, type Options, UsageError } from './options';
import { REPORT_OUTPUT_OPTION } from './report-output';

const SIGNERS = 'Signers (at least one key or identity)';
const LOG = 'Log';
const KNOWN = 'Known entries';

/** The options that name signers in a log. */
export const LOG_SIGNER_OPTIONS = {
  key: {
    type: 'string',
    value: 'REF',
    multiple: true,
    isPath: true,
    group: SIGNERS,
    about: 'public key: a path, or a reference as in key.ref',
  },
  ...inGroup(SIGNERS, IDENTITY_OPTIONS),
} as const satisfies Options;

/** The options of `audit log`. */
export const LOG_OPTIONS = {
  ...LOG_SIGNER_OPTIONS,
  log: {
    type: 'string',
    value: 'URL',
    group: LOG,
    absent: 'the only log of --trusted-root, otherwise the public Rekor v1',
    about: 'transparency log',
  },
  'log-version': {
    type: 'string',
    value: 'VERSION',
    choices: ['1', '2'],
    group: LOG,
    absent: 'detected',
    about: 'major version of Rekor',
  },
  'trusted-root': {
    type: 'string',
    value: 'FILE',
    isPath: true,
    group: LOG,
    absent: 'the public-good instance',
    about: 'trusted root with the key of the log',
  },
  checkpoint: {
    type: 'string',
    value: 'FILE',
    isPath: true,
    group: LOG,
    about: 'file from which the audit continues, and which it replaces',
  },
  from: {
    type: 'string',
    value: 'INDEX',
    group: LOG,
    absent: '0 for Rekor v2, the search index for Rekor v1',
    about: 'first entry to read without a checkpoint',
  },
  limit: {
    type: 'string',
    value: 'ENTRIES',
    group: LOG,
    absent: 'all',
    about: 'how many entries to read at most; the next run continues from the checkpoint',
  },
  digest: {
    type: 'string',
    value: 'SHA256',
    multiple: true,
    group: LOG,
    about: 'digest to search the index of Rekor v1 for, beside the signers',
  },
  'stack-state': {
    type: 'string',
    value: 'FILE',
    multiple: true,
    isPath: true,
    group: KNOWN,
    about: 'output of `pulumi stack export`; "-" for standard input',
  },
  known: {
    type: 'string',
    value: 'FILE',
    multiple: true,
    isPath: true,
    group: KNOWN,
    about: 'list of known entries: a log index, a UUID or sha256:DIGEST in each line',
  },
  ...REPORT_OUTPUT_OPTION,
} as const satisfies Options;

type LogOptions = OptionValues<typeof LOG_OPTIONS>;

function indexOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError('--from must be a log index: 0 or a positive whole number');
}

function limitOf(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new UsageError('--limit must be a positive whole number of entries');
}

/**
 * Creates the arguments of an audit from options and files.
 *
 * @throws UsageError, and SignedImageError `INPUT_INVALID` for files that cannot be read
 */
export async function logAuditArguments(
  options: LogOptions,
  context: CommandContext,
): Promise<LogAuditArgs> {
  const { 'stack-state': states = [], known = [], checkpoint, from, limit, digest, log } = options;
  if (limit !== undefined && checkpoint === undefined) {
    throw new UsageError('--limit requires --checkpoint, from which the next run continues');
  }
  const inputs = [...states, ...known].filter((path) => path === '-');
  if (inputs.length > 1) throw new UsageError('only one of --stack-state and --known can be "-"');
  const version = options['log-version'];
  const texts = async (option: string, paths: readonly string[]): Promise<readonly string[]> =>
    Promise.all(paths.map((path) => textOf(option, path, context)));
  return {
    keys: options.key ?? [],
    identities: identitiesOf(options),
    log,
    version: version === undefined ? undefined : version === '2' ? 2 : 1,
    trustedRoot: options['trusted-root'],
    checkpoint:
      checkpoint === undefined ? undefined : modules.logAudit().checkpointFile(checkpoint),
    from: from === undefined ? undefined : indexOf(from),
    limit: limit === undefined ? undefined : limitOf(limit),
    digests: digest?.map((each) => each.replace(/^sha256:/, '')),
    stackStates: await texts('stack-state', states),
    known: await texts('known', known),
  };
}
