import type { ConstructArgs, Constructed } from '../provider/provider';
import { messageOf, propertyFailuresOf } from '../rpc/status';
import { allDependencies, type Goal } from './goal';
import { packageOfGoal, refuseConstruction, urnOf } from './registration';
import { answerable, type Run } from './run';

const argsOf = (goal: Goal): ConstructArgs => ({
  type: goal.type,
  name: goal.name,
  parent: goal.parent,
  inputs: goal.inputs,
  inputDependencies: goal.propertyDependencies,
  dependencies: allDependencies(goal),
  providers: goal.providers,
  ...(goal.protect !== undefined && { protect: goal.protect }),
  ...(goal.retainOnDelete !== undefined && { retainOnDelete: goal.retainOnDelete }),
  ...(goal.deleteBeforeReplace !== undefined && { deleteBeforeReplace: goal.deleteBeforeReplace }),
  additionalSecretOutputs: goal.additionalSecretOutputs,
  ignoreChanges: goal.ignoreChanges,
  replaceOnChanges: goal.replaceOnChanges,
  ...(goal.deletedWith !== undefined && { deletedWith: goal.deletedWith }),
  hooks: goal.hooks,
  timeouts: goal.timeouts,
  aliases: goal.aliases,
});

/**
 * Constructs a component in its plugin. The component's registrations arrive at the monitor, so this waits outside of the gate, and ends
 * at once when the run stops. The plugin's own registration of the component creates the record.
 */
export const constructResource = (run: Run, goal: Goal): Promise<Constructed> => {
  const urn = urnOf(run, goal);
  return answerable(run, urn, async () => {
    const pkg = packageOfGoal(goal);
    const provider = await run.providers.get(pkg, goal.provider || goal.providers[pkg]);
    try {
      return await provider.construct(argsOf(goal), run.gate.signal);
    } catch (error) {
      const failures = propertyFailuresOf(error);
      if (failures.length > 0) {
        refuseConstruction({ urn, type: goal.type, name: goal.name }, goal.inputs, failures);
      }
      throw new Error(messageOf(error), { cause: error });
    }
  });
};
