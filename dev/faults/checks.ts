import { inspect } from 'node:util';

import { SignedImageError } from '../../src/error';
import { Secret } from '../../src/pulumi/plugin/protocol/wire-value';
import { type Lying, signaturesIn } from './content';
import { EngineRun, pluginHere, Refused, type State } from './engine';
import { type Journey, TOKEN_SERVICE } from './proxy';
import { type Scene, stepOf } from './scene';
import { imageAt, verify } from './steps';
import { REPOSITORY } from './world';

/** What a run left: its error if it failed, all that it said, and whom it asked. */
export interface RunOutcome {
  readonly error: unknown;
  readonly said: readonly string[];
  readonly journey: Journey;
}

type Named = Pick<Lying, 'format' | 'subject' | 'stored' | 'signature'>;

/** The signatures that the state names. */
function statedIn({ ImageSignature }: State): readonly Named[] {
  const { signatures = [], bundles = [] } = (ImageSignature?.outputs ?? {}) as {
    readonly signatures?: readonly Named[];
    readonly bundles?: readonly string[];
  };
  return signatures.map((signature, position) => {
    const bundle = JSON.parse(bundles[position] ?? '{}') as {
      readonly messageSignature?: { readonly signature: string };
    };
    if (signature.format === 'bundle') return signature;
    return { ...signature, signature: bundle.messageSignature?.signature };
  });
}

/** What must hold after any run, whether it failed or not. */
export function faultsOfRun(scene: Scene, state: State, run: RunOutcome): readonly string[] {
  return [
    ...lostForeign(scene),
    ...secretsTold(scene, state, run),
    ...unexplained(run.error),
    ...(scene.path.quiet ? writesIn(run.journey) : []),
  ];
}

function here({ world }: Scene): readonly Lying[] {
  return signaturesIn(world.store, world.registry.settings.referrersApi);
}

function lostForeign(scene: Scene): readonly string[] {
  const now = new Set(here(scene).map(({ identity }) => identity));
  return scene.foreign
    .filter(({ identity }) => !now.has(identity))
    .map(({ format, stored }) => `a foreign signature is lost (${format} ${stored})`);
}

/** A builder follows the registry's redirects by its own rules, with the login that it was given. */
const BUILDERS = / user-agent buildah\//i;

function secretsTold(
  { world }: Scene,
  state: State,
  { error, said, journey }: RunOutcome,
): readonly string[] {
  const tokens = journey.tokens.map((value) => ({ value, services: ['registry'] }));
  const secrets = [...world.secrets, ...tokens];
  const all = inspect(error, { depth: Infinity, showHidden: true, maxStringLength: Infinity });
  const places = {
    'an error': all,
    'the log': said.join('\n'),
    'the state': JSON.stringify(state, (_, value: unknown) =>
      value instanceof Secret ? 'encrypted by the engine' : value,
    ),
    'what a stranger was sent': world.proxies.trap.received
      .splice(0)
      .filter((text) => !BUILDERS.test(text))
      .join('\n'),
  };
  const told = Object.entries(places).flatMap(([where, text]) =>
    secrets.some(({ value }) => text.includes(value)) ? [`a secret is in ${where}`] : [],
  );
  const sent = journey.received
    .filter(({ service, text }) =>
      secrets.some(({ value, services }) => !services.includes(service) && text.includes(value)),
    )
    .map(({ service, method }) => `a secret of others is in a ${method} to the ${service}`);
  // What a signer needs is handed on beside the state: it is not even there encrypted (ADR 0004).
  const whole = JSON.stringify(state);
  const kept = world.secrets.some(
    ({ value, services }) => !services.length && whole.includes(value),
  );
  return [...told, ...sent, ...(kept ? ['what only a signer needs is kept in the state'] : [])];
}

/** A run may fail, in our words: anything else is a defect. */
function unexplained(error: unknown): readonly string[] {
  const ours = error instanceof SignedImageError && error.code !== 'INTERNAL';
  if (error === undefined || ours || error instanceof Refused) return [];
  return [`an error that is not ours: ${inspect(error)}`];
}

function writesIn({ received }: Journey): readonly string[] {
  return received
    .filter(({ method, service }) => !['GET', 'HEAD'].includes(method) && service !== TOKEN_SERVICE)
    .map(({ text, service }) => `nothing was to be written, but: ${service} ${text.slice(0, 80)}`);
}

/** What must hold after the run without a fault. */
export async function faultsOfEnd(scene: Scene, state: State): Promise<readonly string[]> {
  const { path, foreign, earlier } = scene;
  const deleted = path.leaves !== 'what the state says';
  const wanted = path.manifests * (path.format === 'both' ? 2 : 1) * (path.provenance ? 2 : 1);
  const known = new Set(foreign.map(({ identity }) => identity));
  const ours = here(scene).filter(({ identity }) => !known.has(identity));
  const stated = statedIn(state).map(nameOf);
  const left = earlier.map(nameOf).filter((name) => !stated.includes(name));
  const expected = [...stated, ...(path.leaves === 'nothing' ? [] : left)].sort();
  const found = ours.map(nameOf).sort();
  return [
    ...(stated.length === (deleted ? 0 : wanted)
      ? []
      : [`the state has ${stated.length} signatures instead of ${wanted}`]),
    ...(expected.join('\n') === found.join('\n')
      ? []
      : [
          `the registry has\n  ${found.join('\n  ')}\nand it should have\n  ${expected.join('\n  ')}`,
        ]),
    ...(path.leaves === 'nothing' ? [] : await notVerified(scene, state)),
    ...builtImage(scene, state),
    ...(deleted ? [] : await untrue(scene, state)),
  ];
}

const nameOf = ({ format, subject, stored, signature }: Named): string =>
  `${format} ${stored} of ${subject}${signature === undefined ? '' : `, ${signature}`}`;

async function notVerified(scene: Scene, { ImageBuild }: State): Promise<readonly string[]> {
  const engine = new EngineRun({ ...(ImageBuild && { ImageBuild }) }, pluginHere(scene.world));
  try {
    await verify(stepOf(scene, engine));
    const { outputs = {} } = engine.state.VerifiedImage ?? {};
    return outputs['imageRef'] === imageAt(scene, engine.state)
      ? []
      : ['another reference was verified'];
  } catch (error) {
    return [`it does not verify: ${error instanceof Error ? error.message : String(error)}`];
  } finally {
    await engine.close();
  }
}

/** The state is what a refresh finds: it changes nothing, and has nothing to say. */
async function untrue(scene: Scene, state: State): Promise<readonly string[]> {
  const engine = new EngineRun({ ...state }, pluginHere(scene.world));
  try {
    await engine.refresh('ImageBuild');
    await engine.refresh('ImageSignature');
    const { ImageBuild, ImageSignature } = engine.state;
    const found = JSON.stringify([ImageBuild, ImageSignature]);
    const same = found === JSON.stringify([state.ImageBuild, state.ImageSignature]);
    const reopened = state.ImageSignature?.unfinished ? ['the state is still that of a part'] : [];
    return [
      ...engine.said.map((line) => `a refresh says: ${line}`),
      ...(same ? reopened : ['a refresh changes the state', ...reopened]),
    ];
  } finally {
    await engine.close();
  }
}

/** The image that was built is there, under the digest that the state names. */
function builtImage({ world, path }: Scene, { ImageBuild }: State): readonly string[] {
  if (!path.builds) return [];
  const claimed = String(ImageBuild?.outputs['claimedDigest']);
  return world.store.getManifest(REPOSITORY, claimed) ? [] : [`the image ${claimed} is not there`];
}
