import { redactSecrets, redactText, textRedaction } from '../../../error/redaction';
import { distinct } from '../../../error/signed-image-error';
import type { Members } from '../../secrecy/input-table';
import type { CheckRequest, CheckResult, CrudResource } from '../protocol/crud-resource';
import type { ResourceLog } from '../protocol/engine-log';
import { onFirstUse } from '../protocol/first-use';
import { guardInputs, markGuarded } from './guarded-inputs';
import { inputTypeProblems } from './input-types';
import { PartialStateError } from '../protocol/partial-state';
import { secretStrings } from '../protocol/secret-marks';
import type { Properties } from '../protocol/wire-value';

/**
 * A resource whose inputs are guarded before it reads them, whatever language the program is in, and
 * whose log and errors never repeat a secret input.
 */
export function guardedResource(resource: CrudResource, members: Members): CrudResource {
  // `check` takes keys and build secrets out of the inputs: `create` must still not show them.
  const known = new Map<string, readonly string[]>();
  const guarded =
    <Request extends { readonly urn: string; readonly log: ResourceLog }, Result>(
      call: (request: Request) => Promise<Result>,
      trees: (request: Request) => readonly Properties[],
    ) =>
    async (request: Request): Promise<Result> => {
      const secrets = [
        ...(known.get(request.urn) ?? []),
        ...trees(request).flatMap((tree) => secretStrings(tree)),
      ];
      try {
        return await call({ ...request, log: redactedLog(request.log, secrets) });
      } catch (error) {
        throw redactedError(error, secrets);
      }
    };
  return {
    type: resource.type,
    check: (request) => check(resource, members, request, known),
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
      // A state of an earlier version may hold in plain text what is guarded now.
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
  known: Map<string, readonly string[]>,
): Promise<CheckResult> {
  const { inputs, problems, secrets } = guardInputs(members, request.news);
  const types = inputTypeProblems(resource.type, inputs);
  known.set(request.urn, secrets);
  const shown = [...secrets, ...secretStrings(request.olds)];
  try {
    const checked = await resource.check({
      ...request,
      news: inputs,
      log: redactedLog(request.log, shown),
    });
    return {
      inputs: markGuarded(members, checked.inputs),
      problems: distinct([...problems, ...types, ...checked.problems]).map(
        ({ message, ...rest }) => ({
          ...rest,
          message: redactText(message, shown),
        }),
      ),
    };
  } catch (error) {
    throw redactedError(error, shown);
  }
}

function redactedLog(log: ResourceLog, secrets: readonly string[]): ResourceLog {
  if (secrets.length === 0) return log;
  // A builder may log many lines: the shapes of the secrets are worked out once, with the first.
  const redact = onFirstUse(() => textRedaction(secrets));
  return {
    info: (message) => log.info(redact.get()(message)),
    warn: (message) => log.warn(redact.get()(message)),
    status: (message) => log.status(redact.get()(message)),
  };
}

function redactedError(error: unknown, secrets: readonly string[]): unknown {
  if (secrets.length === 0) return error;
  if (!(error instanceof PartialStateError)) return redactSecrets(error, secrets);
  return new PartialStateError(error.id, error.outputs, redactSecrets(error.reason, secrets));
}
