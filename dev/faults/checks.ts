import { inspect } from 'node:util';

import { SignedImageError } from '../../src/error';
import { type Lying, signaturesIn } from './content';
import { EngineRun, Refused, type State } from './engine';
import { verify } from './paths';
import { type Scene, stepOf } from './scene';

/** What a run left: its error if it failed, and all that it said. */
export interface RunOutcome {
  readonly error: unknown;
  readonly said: readonly string[];
}

interface Outputs {
  readonly signatures?: readonly {
    readonly format: string;
    readonly subject: string;
    readonly stored: string;
  }[];
}

/** What must hold after any run, whether it failed or not. */
export function faultsOfRun(scene: Scene, state: State, run: RunOutcome): readonly string[] {
  return [...lostForeign(scene), ...secretsTold(scene, state, run), ...unexplained(run.error)];
}

function here({ world, subjects }: Scene): readonly Lying[] {
  const { store, settings } = world.registry;
  return signaturesIn(store, subjects, settings.referrersApi);
}

function lostForeign(scene: Scene): readonly string[] {
  const now = new Set(here(scene).map(({ identity }) => identity));
  return scene.foreign
    .filter(({ identity }) => !now.has(identity))
    .map(({ format, stored }) => `a foreign signature is lost (${format} ${stored})`);
}

function secretsTold(
  { world }: Scene,
  state: State,
  { error, said }: RunOutcome,
): readonly string[] {
  const told = {
    'an error': inspect(error, { depth: Infinity, showHidden: true, maxStringLength: Infinity }),
    'the log': said.join('\n'),
    'the outputs': JSON.stringify(Object.values(state).map(({ outputs }) => outputs)),
    'what a stranger was sent': world.proxies.trap.received.splice(0).join('\n'),
  };
  return Object.entries(told).flatMap(([where, text]) =>
    world.secrets.some((secret) => text.includes(secret)) ? [`a secret is in ${where}`] : [],
  );
}

/** A run may fail, in our words: anything else is a defect. */
function unexplained(error: unknown): readonly string[] {
  const ours = error instanceof SignedImageError && error.code !== 'INTERNAL';
  if (error === undefined || ours || error instanceof Refused) return [];
  return [`an error that is not ours: ${inspect(error)}`];
}

/** What must hold after the run without a fault. */
export async function faultsOfEnd(scene: Scene, state: State): Promise<readonly string[]> {
  const { path, foreign, earlier } = scene;
  const { signatures = [] } = (state.ImageSignature?.outputs ?? {}) as Outputs;
  const wanted =
    scene.path.manifests * (path.format === 'both' ? 2 : 1) * (path.provenance ? 2 : 1);
  const known = new Set(foreign.map(({ identity }) => identity));
  const ours = here(scene).filter(({ identity }) => !known.has(identity));
  const stated = signatures.map(nameOf);
  const left = earlier.map(nameOf).filter((name) => !stated.includes(name));
  const expected = [...stated, ...left].sort();
  const found = ours.map(nameOf).sort();
  return [
    ...(signatures.length === wanted
      ? []
      : [`the state has ${signatures.length} signatures instead of ${wanted}`]),
    ...(expected.join('\n') === found.join('\n')
      ? []
      : [
          `the registry has\n  ${found.join('\n  ')}\nand it should have\n  ${expected.join('\n  ')}`,
        ]),
    ...(await notVerified(scene)),
  ];
}

const nameOf = ({ format, subject, stored }: { format: string; subject: string; stored: string }) =>
  `${format} ${stored} of ${subject}`;

async function notVerified(scene: Scene): Promise<readonly string[]> {
  const engine = new EngineRun(scene.world, {}, {});
  try {
    await verify(stepOf(scene, engine));
    const { outputs = {} } = engine.state.VerifiedImage ?? {};
    return outputs['imageRef'] === scene.image ? [] : ['another reference was verified'];
  } catch (error) {
    return [`it does not verify: ${error instanceof Error ? error.message : String(error)}`];
  } finally {
    await engine.close();
  }
}
