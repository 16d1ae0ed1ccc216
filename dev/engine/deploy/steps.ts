import { PartialFailure, type Identity, type Provider } from '../provider/provider';
import type { ResourceRecord } from '../state/record';
import type { Operation } from '../types';
import type { Wire, WireObject } from '../wire/signature';
import { markSecrets, wireEquals } from '../wire/value';
import { allDependencies, type Goal } from './goal';
import type { Run } from './run';

export interface Target {
  readonly identity: Identity;
  readonly goal: Goal;
  /** Undefined for a component. */
  readonly provider: Provider | undefined;
  /** Checked inputs. */
  readonly inputs: WireObject;
}

interface Result {
  readonly id?: string;
  readonly outputs: WireObject;
  readonly failure?: PartialFailure;
}

const recordOf = (
  { identity, goal, provider, inputs }: Target,
  result: Result,
): ResourceRecord => ({
  urn: identity.urn,
  type: goal.type,
  custom: goal.custom,
  ...(result.id !== undefined && { id: result.id }),
  inputs,
  outputs: markSecrets(result.outputs, goal.additionalSecretOutputs),
  ...(goal.parent !== '' && { parent: goal.parent }),
  dependencies: allDependencies(goal),
  propertyDependencies: goal.propertyDependencies,
  ...(goal.provider !== '' && { provider: goal.provider }),
  ...(goal.protect === true && { protect: true }),
  ...(goal.retainOnDelete === true && { retainOnDelete: true }),
  ...(provider !== undefined && !provider.managed && { recordedOnly: true }),
  ...(result.failure !== undefined && { initErrors: result.failure.reasons }),
  ...(goal.additionalSecretOutputs.length > 0 && {
    additionalSecretOutputs: goal.additionalSecretOutputs,
  }),
  ...(goal.deletedWith !== undefined && { deletedWith: goal.deletedWith }),
  ...(goal.hooks.beforeDelete.length > 0 && { beforeDelete: goal.hooks.beforeDelete }),
  ...(goal.hooks.afterDelete.length > 0 && { afterDelete: goal.hooks.afterDelete }),
});

/** A provider without support for previews is not called: its outputs are the inputs, other outputs are unknown. */
const canCall = (run: Run, provider: Provider): boolean =>
  !run.context.dryRun || (provider.managed && provider.supportsPreview);

const orPartial = async (work: () => Promise<Result>): Promise<Result> => {
  try {
    return await work();
  } catch (failure) {
    if (!(failure instanceof PartialFailure)) throw failure;
    return { id: failure.id, outputs: failure.properties, failure };
  }
};

const record = async (
  run: Run,
  target: Target,
  result: Result,
  replaced?: ResourceRecord,
): Promise<ResourceRecord> => {
  const made = recordOf(target, result);
  // Only now, when the replacement exists: after a failed creation the old resource stays.
  if (replaced !== undefined) run.snapshot.retire(replaced);
  run.snapshot.put(made);
  await run.save();
  if (result.failure !== undefined) throw result.failure;
  return made;
};

const event = (target: Target, op: Operation, reasons: readonly string[] = []) => ({
  op,
  urn: target.identity.urn,
  type: target.goal.type,
  reasons,
});

export const createStep = async (
  run: Run,
  target: Target,
  op: 'create' | 'create-replacement' = 'create',
  replaced?: ResourceRecord,
): Promise<ResourceRecord> => {
  const { identity, goal, provider, inputs } = target;
  const { hooks } = run;
  run.reporter.start(event(target, op));
  await hooks.before(goal.hooks.beforeCreate, { identity, newInputs: inputs });
  const result = await orPartial(async () => {
    if (provider === undefined) return { outputs: {} };
    if (!canCall(run, provider)) return { id: '', outputs: inputs };
    return provider.create(identity, inputs, run.context.dryRun);
  });
  const made = await record(run, target, result, replaced);
  run.reporter.done(event(target, op));
  await hooks.after(goal.hooks.afterCreate, {
    identity,
    ...(made.id !== undefined && { id: made.id }),
    newInputs: inputs,
    newOutputs: made.outputs,
  });
  return made;
};

export const updateStep = async (
  run: Run,
  target: Target,
  old: ResourceRecord,
  reasons: readonly string[],
): Promise<ResourceRecord> => {
  const { identity, goal, provider, inputs } = target;
  const olds = { id: old.id ?? '', inputs: old.inputs, outputs: old.outputs };
  const call = {
    identity,
    id: olds.id,
    newInputs: inputs,
    oldInputs: old.inputs,
    oldOutputs: old.outputs,
  };
  run.reporter.start(event(target, 'update', reasons));
  await run.hooks.before(goal.hooks.beforeUpdate, call);
  const result = await orPartial(async () => {
    if (provider === undefined) return { outputs: old.outputs };
    if (!canCall(run, provider)) return { outputs: inputs };
    return { outputs: await provider.update(identity, olds, inputs, run.context.dryRun) };
  });
  // An update never changes the id of a resource, even if a partial failure returns another one.
  const made = await record(run, target, {
    ...result,
    ...(old.id !== undefined && { id: old.id }),
  });
  run.reporter.done(event(target, 'update', reasons));
  await run.hooks.after(goal.hooks.afterUpdate, { ...call, newOutputs: made.outputs });
  return made;
};

/** Keeps the resource; only dependencies and options may have changed. */
export const sameStep = (run: Run, target: Target, old: ResourceRecord): ResourceRecord => {
  const kept: ResourceRecord = {
    ...recordOf(target, { outputs: old.outputs, ...(old.id !== undefined && { id: old.id }) }),
    outputs: old.outputs,
  };
  const made = wireEquals(kept as unknown as Wire, old as unknown as Wire) ? old : kept;
  run.snapshot.put(made);
  run.reporter.done(event(target, 'same'));
  return made;
};
