import { inspect } from 'node:util';

import { SignedImageError } from '../../src/error';
import { Secret } from '../../src/pulumi/plugin/protocol/wire-value';
import { type StoredSignature, signaturesIn } from './content';
import { EngineRun, inProcessPlugin, CheckFailed, type State } from './engine';
import { type Recording, TOKEN_SERVICE } from './proxy';
import { type Scene, stepOf } from './scene';
import { imageAt, verify } from './steps';
import { REPOSITORY } from './world';

/** The outcome of a run: its error if it failed, its log, and its requests. */
export interface RunOutcome {
  readonly error: unknown;
  readonly logged: readonly string[];
  readonly recording: Recording;
}

type Named = Pick<StoredSignature, 'format' | 'subject' | 'stored' | 'signature'>;

/** The signatures that are recorded in the state. */
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

/** Checks what must hold after any run, also a failed one. */
export function faultsOfRun(scene: Scene, state: State, run: RunOutcome): readonly string[] {
  return [
    ...lostForeign(scene),
    ...leakedSecrets(scene, state, run),
    ...unexplained(run.error),
    ...(scene.path.quiet ? writesIn(run.recording) : []),
  ];
}

function signaturesOf({ world }: Scene): readonly StoredSignature[] {
  return signaturesIn(world.store, world.registry.settings.referrersApi);
}

function lostForeign(scene: Scene): readonly string[] {
  const now = new Set(signaturesOf(scene).map(({ identity }) => identity));
  return scene.foreign
    .filter(({ identity }) => !now.has(identity))
    .map(({ format, stored }) => `a signature of a third party is lost (${format} ${stored})`);
}

/** A builder follows the registry's redirects by its own rules, with its registry credentials. */
const BUILDERS = / user-agent buildah\//i;

function leakedSecrets(
  { world }: Scene,
  state: State,
  { error, logged, recording }: RunOutcome,
): readonly string[] {
  const tokens = recording.tokens.map((value) => ({ value, services: ['registry'] }));
  const secrets = [...world.secrets, ...tokens];
  const all = inspect(error, { depth: Infinity, showHidden: true, maxStringLength: Infinity });
  const places = {
    'an error': all,
    'the log': logged.join('\n'),
    'the state': JSON.stringify(state, (_, value: unknown) =>
      value instanceof Secret ? 'encrypted by the engine' : value,
    ),
    'a request to the redirect target': world.proxies.redirectTarget.received
      .splice(0)
      .filter((text) => !BUILDERS.test(text))
      .join('\n'),
  };
  const leaked = Object.entries(places).flatMap(([where, text]) =>
    secrets.some(({ value }) => text.includes(value)) ? [`a secret is in ${where}`] : [],
  );
  const sent = recording.received
    .filter(({ service, text }) =>
      secrets.some(({ value, services }) => !services.includes(service) && text.includes(value)),
    )
    .map(
      ({ service, method }) => `a secret of another service is in a ${method} to the ${service}`,
    );
  // Secrets of signers are never in the state, not even encrypted (ADR 0004).
  const whole = JSON.stringify(state);
  const kept = world.secrets.some(
    ({ value, services }) => !services.length && whole.includes(value),
  );
  return [...leaked, ...sent, ...(kept ? ['a secret of the signer is in the state'] : [])];
}

/** A run may fail with an error of this package: any other error is a defect. */
function unexplained(error: unknown): readonly string[] {
  const ours = error instanceof SignedImageError && error.code !== 'INTERNAL';
  if (error === undefined || ours || error instanceof CheckFailed) return [];
  return [`an unexpected error: ${inspect(error)}`];
}

function writesIn({ received }: Recording): readonly string[] {
  return received
    .filter(({ method, service }) => !['GET', 'HEAD'].includes(method) && service !== TOKEN_SERVICE)
    .map(({ text, service }) => `unexpected write: ${service} ${text.slice(0, 80)}`);
}

/** Checks what must hold after the run without a fault. */
export async function faultsOfEnd(scene: Scene, state: State): Promise<readonly string[]> {
  const { path, foreign, earlier } = scene;
  const deleted = path.leaves !== 'the signatures of the state';
  const wanted = path.manifests * (path.format === 'both' ? 2 : 1) * (path.provenance ? 2 : 1);
  const known = new Set(foreign.map(({ identity }) => identity));
  const ours = signaturesOf(scene).filter(({ identity }) => !known.has(identity));
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
      : [`the registry has\n  ${found.join('\n  ')}\ninstead of\n  ${expected.join('\n  ')}`]),
    ...(path.leaves === 'nothing' ? [] : await notVerified(scene, state)),
    ...builtImage(scene, state),
    ...(deleted ? [] : await stateDrift(scene, state)),
  ];
}

const nameOf = ({ format, subject, stored, signature }: Named): string =>
  `${format} ${stored} of ${subject}${signature === undefined ? '' : `, ${signature}`}`;

async function notVerified(scene: Scene, { ImageBuild }: State): Promise<readonly string[]> {
  const engine = new EngineRun({ ...(ImageBuild && { ImageBuild }) }, inProcessPlugin(scene.world));
  try {
    await verify(stepOf(scene, engine));
    const { outputs = {} } = engine.state.VerifiedImage ?? {};
    return outputs['imageRef'] === imageAt(scene, engine.state)
      ? []
      : ['another reference was verified'];
  } catch (error) {
    return [`verification failed: ${error instanceof Error ? error.message : String(error)}`];
  } finally {
    await engine.close();
  }
}

/** A refresh must not change the state or log anything. */
async function stateDrift(scene: Scene, state: State): Promise<readonly string[]> {
  const engine = new EngineRun({ ...state }, inProcessPlugin(scene.world));
  try {
    await engine.refresh('ImageBuild');
    await engine.refresh('ImageSignature');
    const { ImageBuild, ImageSignature } = engine.state;
    const found = JSON.stringify([ImageBuild, ImageSignature]);
    const same = found === JSON.stringify([state.ImageBuild, state.ImageSignature]);
    const reopened = state.ImageSignature?.unfinished ? ['the state is still partial'] : [];
    return [
      ...engine.logged.map((line) => `a refresh logged: ${line}`),
      ...(same ? reopened : ['a refresh changes the state', ...reopened]),
    ];
  } finally {
    await engine.close();
  }
}

/** The image that was built must exist under the digest in the state. */
function builtImage({ world, path }: Scene, { ImageBuild }: State): readonly string[] {
  if (!path.builds) return [];
  const claimed = String(ImageBuild?.outputs['claimedDigest']);
  return world.store.getManifest(REPOSITORY, claimed) ? [] : [`the image ${claimed} is missing`];
}
