import { hasRealCli, localEngine, realCli } from '../../../dev/engine/under-test';
import { expected, observed, payloadsOf, runScenario } from './scenario-run';
import { scenarios } from './scenarios';

const MANY_RUNS = 600_000;

const everything = process.env['ENGINE_SCENARIOS'] === 'all';

describe('the local engine', () => {
  test.each(scenarios.filter(({ always }) => everything || always === true))(
    '$name',
    async (scenario) => {
      const reports = await runScenario(localEngine, scenario);
      expect(reports.map(observed)).toEqual(scenario.steps.map(expected));
    },
    MANY_RUNS,
  );
});

if (hasRealCli()) {
  describe('the real engine does the same as the local one', () => {
    test.each(scenarios)(
      '$name',
      async (scenario) => {
        const local = await runScenario(localEngine, scenario);
        const real = await runScenario(realCli, scenario);
        expect(real.map(observed)).toEqual(scenario.steps.map(expected));
        expect(local.map(payloadsOf)).toEqual(real.map(payloadsOf));
      },
      MANY_RUNS,
    );
  });
}
