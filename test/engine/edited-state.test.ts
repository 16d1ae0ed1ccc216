import { type EngineUnderTest, enginesUnderTest } from '../../dev/engine/under-test';
import { listSignatures } from '../../src/verify';
import { createRegistryClient, parseReference } from '../../src/oci';
import { pushImage } from '../interop/support/images';
import { deedsOf, openStage, SCENARIO, type Stage } from './support/stage';

/** The state of a stack, in the form of both engines. */
interface State {
  deployment?: { resources: Recorded[] };
  resources?: Recorded[];
}

interface Recorded {
  readonly urn: string;
}

/** What `pulumi state delete` and `pulumi state rename` do to a state, for both engines. */
describe.each(enginesUnderTest())('a state that was edited, on the $engine engine', (kind) => {
  let stage: Stage;
  let engine: EngineUnderTest;
  let image: string;
  beforeAll(async () => {
    stage = await openStage();
    image = (await pushImage(stage.registry.host)).reference;
    engine = stage.stack(kind, { COSIGN_PASSWORD: stage.key.password });
    declare({ deletion: 'signatures' });
    expect((await engine.up()).errors).toEqual([]);
  }, SCENARIO);
  afterAll(() => stage.close());

  const declare = (args: object): void =>
    stage.declare({
      use: 'local',
      images: { app: { image, key: { ref: stage.key.ref }, ...args } },
    });

  async function signatures(): Promise<number> {
    const { repository, digest } = parseReference(image);
    const client = createRegistryClient({
      registry: { host: stage.registry.host, insecure: true },
    });
    try {
      if (digest === undefined) throw new Error('the image is pinned');
      return (await listSignatures(repository, digest, client)).signatures.length;
    } finally {
      await client.close();
    }
  }

  /** Updates with what is declared: nothing is written, and the next preview is empty. */
  async function settles(deeds: readonly string[]): Promise<void> {
    const stored = await signatures();
    expect(stored).toBeGreaterThan(0);
    stage.forget();
    const run = await engine.up();
    expect(run.errors).toEqual([]);
    expect(deedsOf(run)).toEqual(deeds);
    expect(stage.writes()).toEqual([]);
    expect(await signatures()).toBe(stored);
    expect(deedsOf(await engine.preview())).toEqual([]);
  }

  it(
    'finds the signature again whose resource was deleted from the state',
    async () => {
      const state = JSON.parse(await engine.exportState()) as State;
      const holder = state.deployment ?? state;
      holder.resources = (holder.resources ?? []).filter(
        ({ urn }) => !/::app-(?:signature|verified)$/.test(urn),
      );
      await engine.importState(JSON.stringify(state));
      await settles(['create app-signature', 'create app-verified']);
    },
    2 * SCENARIO,
  );

  it(
    'keeps the signature whose resource was renamed in the state, though the old name is deleted with its signatures',
    async () => {
      const text = await engine.exportState();
      const renamed = text.replaceAll('::app-signature"', '::app-other"');
      expect(renamed).not.toBe(text);
      await engine.importState(renamed);
      await settles(['create app-signature', 'delete app-other']);
    },
    2 * SCENARIO,
  );

  it(
    'is destroyed without signatures that were found again, which the resource has not written',
    async () => {
      stage.forget();
      expect((await engine.destroy()).errors).toEqual([]);
      expect(stage.writes()).toEqual([]);
      expect(await signatures()).toBeGreaterThan(0);
    },
    SCENARIO,
  );
});
