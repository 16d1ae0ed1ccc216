import { redactSecrets, redactText, textRedaction } from '../../../error/redaction';
import { distinct, type Problem } from '../../../error/signed-image-error';
import { PACKAGE_VERSION } from '../../package';
import { LIBRARY_VERSION, versionDifference } from '../../version-difference';
import type { Members } from '../../secrecy/input-table';
import type { CheckRequest, CheckResult, CrudResource } from '../protocol/crud-resource';
import type { ResourceLog } from '../protocol/engine-log';
import { lazy } from '../protocol/first-use';
import { guardInputs, markGuarded } from './guarded-inputs';
import { inputTypeProblems } from './input-types';
import { PartialStateError } from '../protocol/partial-state';
import { secretStrings } from '../protocol/secret-marks';
import type { Properties, Value } from '../protocol/wire-value';

/**
 * Wraps a resource: its inputs are guarded before it reads them, in every program language, and secret
 * inputs are redacted in its log and its errors.
 */
export function guardedResource(resource: CrudResource, members: Members): CrudResource {
  // `check` removes keys and build secrets from the inputs: `create` must still redact them.
  const secretsByUrn = new Map<string, readonly string[]>();
  const guarded =
    <Request extends { readonly urn: string; readonly log: ResourceLog }, Result>(
      call: (request: Request) => Promise<Result>,
      inputTrees: (request: Request) => readonly Properties[],
    ) =>
    async (request: Request): Promise<Result> => {
      const secrets = [
        ...(secretsByUrn.get(request.urn) ?? []),
        ...inputTrees(request).flatMap((tree) => secretStrings(tree)),
      ];
      try {
        return await call({ ...request, log: redactedLog(request.log, secrets) });
      } catch (error) {
        throw redactedError(error, secrets);
      }
    };
  return {
    type: resource.type,
    check: (request) => check(resource, members, request, secretsByUrn),
    diff: guarded(resource.diff.bind(resource), ({ oldInputs, oldOutputs, news }) => [
      oldInputs,
      oldOutputs,
      news,
    ]),
    create: guarded(resource.create.bind(resource), ({ inputs }) => [inputs]),
    update: guarded(resource.update.bind(resource), ({ inputs, oldInputs, oldOutputs }) => [
      inputs,
      oldInputs,
      oldOutputs,
    ]),
    read: guarded(
      // The state of an earlier version may have values in plain text that are guarded now.
      async (request) => {
        const found = await resource.read(request);
        return found && { ...found, inputs: markGuarded(members, found.inputs) };
      },
      ({ inputs, outputs }) => [inputs, outputs],
    ),
    delete: guarded(resource.delete.bind(resource), ({ inputs, outputs }) => [inputs, outputs]),
  };
}

async function check(
  resource: CrudResource,
  members: Members,
  request: CheckRequest,
  secretsByUrn: Map<string, readonly string[]>,
): Promise<CheckResult> {
  const { [LIBRARY_VERSION]: library, ...news } = request.news;
  const { inputs, problems, secrets } = guardInputs(members, news);
  const versions = checkVersions(library, request.log);
  const types = inputTypeProblems(resource.type, inputs);
  secretsByUrn.set(request.urn, secrets);
  const toRedact = [...secrets, ...secretStrings(request.olds)];
  try {
    const checked = await resource.check({
      ...request,
      news: inputs,
      log: redactedLog(request.log, toRedact),
    });
    return {
      inputs: markGuarded(members, checked.inputs),
      problems: distinct([...versions, ...problems, ...types, ...checked.problems]).map(
        ({ message, ...rest }) => ({
          ...rest,
          message: redactText(message, toRedact),
        }),
      ),
    };
  } catch (error) {
    throw redactedError(error, toRedact);
  }
}

/** Differences that were logged already: once in a run is enough. */
const logged = new Set<string>();

/** Returns a problem for an incompatible library; logs another difference. */
function checkVersions(library: Value | undefined, log: ResourceLog): readonly Problem[] {
  if (typeof library !== 'string') return [];
  const difference = versionDifference(library, PACKAGE_VERSION);
  if (!difference) return [];
  const { isIncompatible, message } = difference;
  // Without a property: the reason is not an input of the program.
  if (isIncompatible) return [{ property: '', code: 'INPUT_INVALID', message }];
  if (!logged.has(message)) log.warn(message);
  logged.add(message);
  return [];
}

function redactedLog(log: ResourceLog, secrets: readonly string[]): ResourceLog {
  if (secrets.length === 0) return log;
  // A builder may log many lines: the redaction patterns are computed once, with the first line.
  const redact = lazy(() => textRedaction(secrets));
  return {
    info: (message) => log.info(redact.get()(message)),
    note: (message) => log.note(redact.get()(message)),
    warn: (message) => log.warn(redact.get()(message)),
    debug: (message) => log.debug(redact.get()(message)),
    status: (message) => log.status(redact.get()(message)),
  };
}

function redactedError(error: unknown, secrets: readonly string[]): unknown {
  if (secrets.length === 0) return error;
  if (!(error instanceof PartialStateError)) return redactSecrets(error, secrets);
  return new PartialStateError(error.id, error.outputs, redactSecrets(error.reason, secrets));
}
