import { hasRealCli, realCli, type EngineUnderTest } from '../../dev/engine/under-test';
import { pushImage } from '../interop/support/images';
import { deedsOf, openStage, SCENARIO, secret, type Stage } from './support/stage';

const COMPONENT = 'signed-image:index:SignedImage';
const SIGNED = ['update a-signature', 'update a-verified'];

/** The local engine does not have targets. */
(hasRealCli() ? describe : describe.skip)('targets, on the real engine', () => {
  let stage: Stage;
  let engine: EngineUnderTest;
  let references: readonly [string, string];
  let annotation = 0;

  /** Another annotation of both images, which their signatures need. */
  const change = (): void => {
    annotation += 1;
    const key = { ref: stage.key.ref, password: secret(stage.key.password) };
    const annotations = { change: String(annotation) };
    const [a, b] = references;
    const images = { a: { image: a, key, annotations }, b: { image: b, key, annotations } };
    stage.declare({ use: 'remote', images });
  };
  const urn = (name: string, child?: string): string => {
    const type = child === undefined ? COMPONENT : `${COMPONENT}$signed-image:index:${child}`;
    return `urn:pulumi:${engine.stack}::stage::${type}::${name}`;
  };
  const up = async (...flags: readonly string[]): Promise<readonly string[]> => {
    stage.forget();
    const run = await engine.up(flags);
    expect(run.errors).toEqual([]);
    return deedsOf(run);
  };

  beforeAll(async () => {
    stage = await openStage();
    engine = stage.stack({ engine: 'real', create: realCli });
    const { host } = stage.registry;
    references = [(await pushImage(host)).reference, (await pushImage(host)).reference];
    change();
    await up();
  }, SCENARIO);
  afterAll(() => stage.close());

  it(
    'a component alone is none of its children, which its dependents or a pattern include',
    async () => {
      change();
      expect(await up('--target', urn('a'))).toEqual([]);
      expect(stage.writes()).toEqual([]);
      expect(await up('--target', urn('a'), '--target-dependents')).toEqual(SIGNED);
      change();
      expect(await up('--target', '**::a', '--target', '**::a-*')).toEqual(SIGNED);
    },
    3 * SCENARIO,
  );

  it(
    'an excluded component excludes its children only with its dependents or a pattern',
    async () => {
      const others = SIGNED.map((deed) => deed.replace(' a-', ' b-'));
      change();
      expect(await up('--exclude', urn('a'), '--exclude-dependents')).toEqual(others);
      change();
      expect(await up('--exclude', '**::a', '--exclude', '**::a-*')).toEqual(others);
      change();
      expect(await up('--exclude', urn('a'))).toEqual([...SIGNED, ...others]);
    },
    3 * SCENARIO,
  );

  it(
    'a replaced signature reuses those in the registry, and writes nothing',
    async () => {
      for (const flag of ['--replace', '--target-replace']) {
        expect(await up(flag, urn('a-signature', 'ImageSignature'))).toContain(
          'replace a-signature',
        );
        expect(stage.writes()).toEqual([]);
      }
      expect(await up()).toEqual([]);
    },
    3 * SCENARIO,
  );
});
