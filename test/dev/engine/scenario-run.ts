import type { EngineUnderTest, RunOutcome, UnderTestOptions } from '../../../dev/engine/under-test';
import type { Scenario, Step } from './scenarios';
import { World, type Call } from './world';

export interface StepReport {
  readonly step: Step;
  readonly outcome: RunOutcome;
  readonly calls: readonly Call[];
}

/** Every step of a scenario on one engine, in a separate world. */
export const runScenario = async (
  create: (options: UnderTestOptions) => EngineUnderTest,
  scenario: Scenario,
): Promise<readonly StepReport[]> => {
  const world = new World();
  const { programDir: projectDir, dir } = world;
  const engine = create({ projectDir, dir, env: { ...world.env, ...scenario.env } });
  const reports: StepReport[] = [];
  try {
    for (const step of scenario.steps) {
      if (step.plan !== undefined) world.plan(step.plan);
      step.change?.(world);
      reports.push({ step, outcome: await engine[step.verb](), calls: world.calls() });
    }
  } finally {
    await engine.dispose();
    world.dispose();
  }
  return reports;
};

/** "op name" of the calls that do something. */
export const deedsOf = (calls: readonly Call[]): readonly string[] =>
  calls
    .filter(({ op }) => op !== 'check' && op !== 'diff')
    .map(({ op, name, token }) => `${op} ${name ?? String(token)}`);

/** Calls with everything that was sent, in an order that does not depend on chance; ids are counted in order of creation. */
export const payloadsOf = ({ step, calls }: StepReport): readonly string[] =>
  calls
    // The real engine calls Diff after each read of a refresh, for its display only.
    .filter(({ op }) => !(step.verb === 'refresh' && op === 'diff'))
    .map((call) => JSON.stringify(call).replace(/thing-\d+/g, 'thing-N'))
    .sort();

/** The inputs that `wanted` names, as they last came. */
const inputsOf = (calls: readonly Call[], wanted: Step['inputs'] = {}) =>
  Object.fromEntries(
    Object.entries(wanted).map(([name, inputs]) => {
      const sent = calls.findLast((call) => call.name === name && call.op !== 'check');
      const all = (sent?.['inputs'] ?? sent?.['news'] ?? {}) as Record<string, unknown>;
      return [name, Object.fromEntries(Object.keys(inputs).map((key) => [key, all[key]]))];
    }),
  );

export const expected = (step: Step) => ({
  verb: step.verb,
  ok: step.ok ?? true,
  deeds: [...step.deeds].sort(),
  missing: [],
  inputs: step.inputs ?? {},
  logs: '',
  ...(step.summary !== undefined && { summary: step.summary }),
});

export const observed = ({ step, outcome, calls }: StepReport) => {
  const errors = outcome.errors.join('\n');
  const missing = (step.errors ?? []).filter((text) => !errors.includes(text));
  return {
    verb: step.verb,
    ok: outcome.ok,
    deeds: [...deedsOf(calls)].sort(),
    missing,
    inputs: inputsOf(calls, step.inputs),
    // The output helps only if something is wrong.
    logs: missing.length > 0 || outcome.ok !== (step.ok ?? true) ? outcome.logs : '',
    ...(step.summary !== undefined && { summary: outcome.summary }),
  };
};
