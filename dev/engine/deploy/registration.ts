import type { Identity, Provider } from '../provider/provider';
import { Stopped, type PropertyFailure } from '../rpc/status';
import type { ResourceRecord } from '../state/record';
import {
  formatUrn,
  isProviderType,
  packageOf,
  packageOfProviderRef,
  qualify,
  STACK_TYPE,
} from '../urn';
import type { Wire, WireObject } from '../wire/signature';
import { ignoreChanges, valueAt } from '../wire/path';
import { flattenObject, reveal } from '../wire/value';
import { formerUrns } from './aliases';
import { providerOf } from './deletions';
import type { Goal } from './goal';
import { inputDifference, planChange, type Plan } from './plan';
import { deleteBeforeReplacement } from './replacement';
import { answerable, type Run } from './run';
import { createStep, sameStep, updateStep, type Target } from './steps';

export const urnOf = (run: Run, goal: Goal): string =>
  formatUrn({
    stack: run.context.stack,
    project: run.context.project,
    qualifiedType: qualify(goal.type, goal.parent),
    name: goal.name,
  });

export const packageOfGoal = (goal: Pick<Goal, 'type' | 'provider'>): string =>
  packageOfProviderRef(goal.provider) ?? packageOf(goal.type);

/** Adds the options that the program leaves to the engine. */
export const completed = (run: Run, goal: Goal): Goal => {
  const parent = goal.parent === '' && goal.type !== STACK_TYPE ? (run.root ?? '') : goal.parent;
  // A component's own registration inside its plugin sends `false` for an option that is not set.
  const { protect, retainOnDelete, ...rest } = goal;
  return {
    ...rest,
    parent,
    ...(protect === true && { protect }),
    ...(retainOnDelete === true && { retainOnDelete }),
  };
};

/** The real engine prints the values of inputs without hiding secrets: whatever a provider names here is shown. */
const printed = (value: Wire): string => JSON.stringify(reveal(value));

const refusal = (identity: Identity, lines: readonly string[]): Error =>
  new Error(`${identity.type} resource '${identity.name}': ${lines.join('\n')}`);

/** Fails a check in the words of the real engine, which prints the value of each top-level property that is named. */
const refuseChecked = (
  identity: Identity,
  news: WireObject,
  failures: readonly PropertyFailure[],
): never => {
  const lines = failures.map(({ property, reason }) =>
    property === ''
      ? `has a problem: ${reason}`
      : `property ${property} value {${printed(news[property] ?? null)}} has a problem: ${reason}`,
  );
  throw refusal(identity, lines);
};

/** Fails the construction of a component in the words of the real engine, which prints the value at each path. */
export const refuseConstruction = (
  identity: Identity,
  inputs: WireObject,
  failures: readonly PropertyFailure[],
): never => {
  const lines = failures.map(({ property, reason }) => {
    const value = valueAt(inputs, property);
    const shown = value === undefined ? '' : ` with value '${printed(value)}'`;
    return `property ${property}${shown} has a problem: ${reason}`;
  });
  throw refusal(identity, lines);
};

const check = async (
  target: Omit<Target, 'inputs'>,
  olds: WireObject,
  news: WireObject,
): Promise<WireObject> => {
  if (target.provider === undefined) return news;
  const { inputs, failures } = await target.provider.check(target.identity, olds, news);
  if (failures.length > 0) refuseChecked(target.identity, news, failures);
  return inputs;
};

/**
 * Evaluates the policies. A preview continues after a violation and so reports all of them; an update
 * stops before the resource is created.
 */
const allowed = async (
  run: Run,
  { identity, goal }: Omit<Target, 'inputs'>,
  checked: WireObject,
): Promise<WireObject> => {
  const { inputs, refused } = await run.policies.resource(identity, goal, checked);
  if (!refused) return inputs;
  run.failed = true;
  if (run.context.dryRun) return inputs;
  run.gate.stop();
  throw new Stopped('a mandatory policy was violated');
};

/** The previous record of the resource, adopted from a former name if necessary. */
const findOld = async (
  run: Run,
  urn: string,
  goal: Goal,
  provider: Provider | undefined,
): Promise<ResourceRecord | undefined> => {
  const names = formerUrns(urn, goal, run.formerNames.get(goal.parent) ?? []);
  run.formerNames.set(urn, names);
  let old = run.snapshot.before(urn);
  const alias = old === undefined ? names.find((name) => run.snapshot.before(name)) : undefined;
  const aliased = alias === undefined ? undefined : run.snapshot.before(alias);
  if (aliased !== undefined) old = run.snapshot.adopt(aliased, urn);
  if (old === undefined) return undefined;
  if (provider !== undefined && !provider.managed) await providerOf(run, old);
  // A resource that was only read is not owned, and one that was only recorded does not exist: it is created now.
  const own = old.external !== true && !(old.recordedOnly === true && provider?.managed === true);
  return own ? old : undefined;
};

const planFor = async (target: Target, old: ResourceRecord): Promise<Plan> => {
  const { identity, goal, provider, inputs } = target;
  const olds = { id: old.id ?? '', inputs: old.inputs, outputs: old.outputs };
  const difference =
    provider === undefined
      ? inputDifference
      : await provider.diff(identity, olds, inputs, goal.ignoreChanges);
  const { replaceOnChanges, deleteBeforeReplace } = goal;
  return planChange({ old, inputs, difference, replaceOnChanges, deleteBeforeReplace });
};

const replace = async (
  run: Run,
  target: Omit<Target, 'inputs'>,
  old: ResourceRecord,
  plan: Plan & { readonly op: 'replace' },
  news: WireObject,
): Promise<ResourceRecord> => {
  const { identity, goal } = target;
  if (old.protect === true && goal.protect === true) {
    throw new Error(
      `the resource is protected and cannot be replaced (${plan.reasons.join(', ')} changed): set protect to false first`,
    );
  }
  // The replacement does not use the old inputs: names and defaults are computed again.
  const inputs = await check(target, {}, news);
  if (plan.deleteFirst) await deleteBeforeReplacement(run, old);
  const retired = plan.deleteFirst ? undefined : old;
  const made = await createStep(run, { ...target, inputs }, 'create-replacement', retired);
  run.reporter.done({ op: 'replace', urn: identity.urn, type: goal.type, reasons: plan.reasons });
  return made;
};

const settle = async (run: Run, goal: Goal, urn: string): Promise<ResourceRecord> => {
  if (goal.importId !== '') throw new Error('the local engine does not import resources');
  const provider = goal.custom
    ? await run.providers.get(packageOfGoal(goal), goal.provider)
    : undefined;
  const identity = { urn, type: goal.type, name: goal.name };
  const target = { identity, goal, provider };
  const old = await findOld(run, urn, goal, provider);
  const news = flattenObject(goal.inputs);
  if (isProviderType(goal.type)) {
    const failures = await run.providers.register(urn, news);
    if (failures.length > 0) refuseChecked(identity, news, failures);
  }
  if (old === undefined) {
    const inputs = await allowed(run, target, await check(target, {}, news));
    const early = run.deletedEarly.get(urn);
    const op = early === undefined ? 'create' : 'create-replacement';
    const made = await createStep(run, { ...target, inputs }, op);
    if (early !== undefined) {
      run.reporter.done({ op: 'replace', urn, type: goal.type, reasons: [] });
    }
    return made;
  }
  const wanted = ignoreChanges(news, old.inputs, goal.ignoreChanges);
  const inputs = await allowed(run, target, await check(target, old.inputs, wanted));
  const plan = await planFor({ ...target, inputs }, old);
  if (plan.op === 'same') return sameStep(run, { ...target, inputs }, old);
  if (plan.op === 'update') return updateStep(run, { ...target, inputs }, old, plan.reasons);
  return replace(run, target, old, plan, wanted);
};

/** Executes the registration of one resource, component, or the stack. */
export const registerResource = async (run: Run, goal: Goal): Promise<ResourceRecord> => {
  const urn = urnOf(run, goal);
  return answerable(run, urn, () => {
    if (run.seen.has(urn)) {
      throw new Error(`Duplicate resource URN '${urn}'; try giving it a unique name`);
    }
    run.seen.add(urn);
    if (goal.type === STACK_TYPE) run.root = urn;
    return run.gate.enter(() => settle(run, goal, urn));
  });
};
