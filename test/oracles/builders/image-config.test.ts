import { execFileSync } from 'node:child_process';

import { pushBaseImage } from '../../../dev/builders';
import { Context } from '../../build/requests';
import { configOf } from '../../builders/support/image';
import {
  buildWith,
  REAL_BUILDERS,
  type RealBuilderName,
  startWorkshop,
  type Workshop,
} from '../../builders/support/workshop';
import { recordOracle, SAMPLE } from '../support/tally';
import { CASES, type ConfigCase } from './cases';
import { comparable } from './comparable';

/**
 * One Dockerfile gives the same image config whichever builder made it, or an error before anything is
 * pushed. The judge is BuildKit, which Dockerfiles are written for.
 */
const REFERENCE = REAL_BUILDERS[0];

let workshop: Workshop;
beforeAll(async () => {
  workshop = await startWorkshop();
}, 180_000);
afterAll(async () => {
  await workshop?.stop();
}, 60_000);

/** Whatever a builder made of a case. */
type Outcome =
  | { readonly config: Readonly<Record<string, unknown>> }
  | { readonly error: string; readonly pushed: boolean };

async function outcomeOf(
  name: RealBuilderName,
  { args = {}, labels = {}, target }: ConfigCase,
  dockerfile: string,
  repository: string,
): Promise<Outcome> {
  const { host } = workshop.registry;
  const context = new Context(dockerfile);
  execFileSync('tar', ['cf', `${context.folder}/files.tar`, '-C', context.folder, 'hello']);
  try {
    const request = context.request(`${host}/${repository}:1`, {
      args,
      labels,
      ...(target !== undefined && { target }),
      registry: { insecure: true },
    });
    const { result } = await buildWith(workshop.builders[name], request);
    return { config: comparable(await configOf(host, repository, result.digest)) };
  } catch (error) {
    const { status } = await fetch(`http://${host}/v2/${repository}/tags/list`);
    return { error: String(error), pushed: status === 200 };
  } finally {
    context.remove();
  }
}

/** What is wrong with an outcome; `undefined`: nothing. */
function differenceOf(outcome: Outcome, reference: Outcome, refused: RegExp | undefined): unknown {
  if ('error' in outcome) {
    if (outcome.pushed) return { pushed: true, error: outcome.error };
    const expected = refused?.test(outcome.error) ?? 'error' in reference;
    return expected ? undefined : outcome;
  }
  if ('error' in reference || refused !== undefined) return { built: outcome, reference };
  return JSON.stringify(outcome) === JSON.stringify(reference) ? undefined : { outcome, reference };
}

const cases = SAMPLE ? CASES.filter((_, index) => index % 6 === 0) : CASES;

test('every builder creates the same config for a Dockerfile, or refuses it with the reason', async () => {
  const differences: unknown[] = [];
  let inputs = 0;
  for (const [index, each] of cases.entries()) {
    const { host } = workshop.registry;
    const settings = each.base ?? {};
    const base = await pushBaseImage({ registry: host, name: `base:case-${index}`, settings });
    const dockerfile = each.dockerfile.replaceAll('BASE', base).replaceAll('REGISTRY', host);
    const outcomes = await Promise.all(
      REAL_BUILDERS.map((name, at) => outcomeOf(name, each, dockerfile, `case-${index}/${at}`)),
    );
    const [reference] = outcomes as [Outcome];
    for (const [at, outcome] of outcomes.entries()) {
      const name = REAL_BUILDERS[at] ?? REFERENCE;
      if (name === REFERENCE) continue;
      inputs += 1;
      const difference = differenceOf(outcome, reference, each.refusedBy?.[name]);
      if (difference !== undefined)
        differences.push({ case: each.name, builder: name, difference });
    }
  }
  recordOracle('image config of five builders', inputs, differences.length);
  expect(differences).toEqual([]);
}, 1_800_000);
