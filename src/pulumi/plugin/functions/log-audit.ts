import { InvalidInputError, type Problem, SignedImageError } from '../../../error';
import {
  auditLog as runAudit,
  type CheckpointStore,
  type LoggedFinding,
  logOutcomeOf,
} from '../../../log-audit';
import type { AuditLogResult, LogFindingOutput } from '../../functions/results';
import type { PluginEnvironment } from '../environment';
import { readIdentities, signerProblems } from '../inputs/declared-policy';
import { readSigstore } from '../inputs/declared-signing';
import type { InputReader } from '../inputs/input-reader';

/** A call blocks the program: a longer log is read by several calls. */
const DEFAULT_ENTRIES = 100_000;
const MAX_ENTRIES = 1_000_000;
/** Of each list of inputs. */
const MAX_ITEMS: Readonly<Record<string, number>> = {
  keys: 100,
  trustedKeys: 100,
  identities: 100,
  stackStates: 100,
  known: 100,
  digests: 1000,
};
/** The checkpoint has all findings; the result may become a stack output. */
const MAX_LISTED = 1000;

/** The inputs of this function, by the names of the arguments of the library. */
const INPUT_NAMES: Readonly<Record<string, string>> = {
  log: 'sigstore.rekorUrl',
  version: 'sigstore.rekorVersion',
  trustedRoot: 'sigstore.trustedRoot',
  limit: 'maxEntries',
};

/** Validates what can be validated without a request. */
export async function logAuditProblems(
  inputs: InputReader,
  { host }: PluginEnvironment,
): Promise<readonly Problem[]> {
  for (const [name, most] of Object.entries(MAX_ITEMS)) {
    const input = inputs.at(name);
    if (input.list().length > most) input.addProblem(`has more than ${most} items`);
  }
  const signers = [inputs.at('keys'), inputs.at('trustedKeys'), inputs.at('identities')];
  if (signers.every((signer) => signer.list().length === 0)) {
    inputs.at('keys').addProblem('no signer to search for: give at least one key or identity');
  }
  const entries = inputs.at('maxEntries').number() ?? DEFAULT_ENTRIES;
  if (entries < 1 || entries > MAX_ENTRIES) {
    inputs.at('maxEntries').addProblem(`must be between 1 and ${MAX_ENTRIES}`);
  }
  return signerProblems(inputs, host);
}

/** Returns a problem with the name of the input that it is about. */
function renamed({ property, ...problem }: Problem): Problem {
  return { ...problem, property: INPUT_NAMES[property] ?? property };
}

/** Names the inputs in errors that only the audit finds: of a checkpoint, a state, a list of known entries, the log. */
function asInvalidInput(error: unknown): unknown {
  if (error instanceof InvalidInputError) return new InvalidInputError(error.problems.map(renamed));
  if (!(error instanceof SignedImageError)) return error;
  const { property, code, message } = error;
  if (code !== 'INPUT_INVALID') {
    const renamedProperty = property && INPUT_NAMES[property];
    return renamedProperty === undefined
      ? error
      : new SignedImageError({ code, message, property: renamedProperty, cause: error });
  }
  return property === undefined
    ? error
    : new InvalidInputError([renamed({ property, code, message })]);
}

function findingOutput({ logIndex, signer, ...finding }: LoggedFinding): LogFindingOutput {
  return {
    ...finding,
    logIndex: String(logIndex),
    digests: [...finding.digests],
    ...(signer.kind === 'key'
      ? { keyId: signer.keyId }
      : {
          identity: signer.identity,
          issuer: signer.issuer,
          certificateTrusted: signer.isCertificateTrusted,
        }),
  };
}

/** Audits a log; the checkpoint is an input and an output instead of a file. */
export async function auditLog(
  inputs: InputReader,
  { host }: PluginEnvironment,
): Promise<AuditLogResult> {
  const { rekorUrl, rekorVersion, trustedRoot, clientTrustConfig } = readSigstore(
    inputs.at('sigstore'),
  );
  let checkpoint = inputs.at('checkpoint').string();
  const store: CheckpointStore = {
    read: async () => checkpoint,
    write: async (text) => void (checkpoint = text),
  };
  const trustedKeys = inputs
    .at('trustedKeys')
    .list()
    .flatMap((each) => each.at('key').string() ?? []);
  try {
    const report = await runAudit(
      {
        keys: [...inputs.at('keys').strings(), ...trustedKeys],
        identities: readIdentities(inputs.at('identities')),
        log: rekorUrl,
        version: rekorVersion as 1 | 2 | undefined,
        trustedRoot,
        clientTrustConfig,
        stackStates: inputs.at('stackStates').strings(),
        known: inputs.at('known').strings(),
        digests: inputs.at('digests').strings(),
        from: inputs.at('from').number(),
        limit: inputs.at('maxEntries').number() ?? DEFAULT_ENTRIES,
        checkpoint: store,
      },
      { host },
    );
    const { findings, log, version, read, known, remaining = 0, unparsed, notes } = report;
    return {
      outcome: logOutcomeOf(report),
      log,
      version,
      read,
      known,
      remaining,
      findingCount: findings.length,
      findings: findings.slice(0, MAX_LISTED).map(findingOutput),
      unparsed: unparsed.map(String),
      notes: [...notes],
      checkpoint: checkpoint ?? '',
    };
  } catch (error) {
    throw asInvalidInput(error);
  }
}
