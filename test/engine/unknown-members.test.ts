import { enginesUnderTest } from '../../dev/engine/under-test';
import { pushImage } from '../interop/support/images';
import { type Declared, openStage, saidBy, SCENARIO, secret, type Stage } from './support/stage';

const HIDDEN = 'canary-value-of-a-misspelt-input';

/** The engine writes the path and the (absent) value of a nested property before the reason. */
const withoutValues = (text: string): string =>
  text.replaceAll(/property (\S+) value \{(?:null|<nil>)\} has a problem/g, '$1');

describe.each(enginesUnderTest())('a misspelt input, on the $engine engine', (kind) => {
  let stage: Stage;
  let image: string;

  beforeAll(async () => {
    stage = await openStage();
    image = (await pushImage(stage.registry.host)).reference;
  });
  beforeEach(() => stage.forget());
  afterAll(() => stage.close());

  const refused = async (declared: Declared, expected: readonly string[]): Promise<void> => {
    stage.declare(declared);
    const engine = stage.stack(kind);
    const up = await engine.up();
    expect(up.ok).toBe(false);
    const errors = withoutValues(up.errors.join('\n'));
    for (const problem of expected) expect(errors).toContain(problem);
    const all = [await engine.exportState(), engine.logs(), saidBy(up)].join('\n');
    expect(all).not.toContain(HIDDEN);
    expect(stage.writes()).toEqual([]);
  };

  it.each(['local', 'remote'] as const)(
    'of a signed image (%s use) is reported with the right name, beside all other errors',
    async (use) => {
      const key = { ref: stage.key.ref, password: secret(stage.key.password), pasword: HIDDEN };
      const app = {
        image,
        key,
        verfy: { keys: [HIDDEN] },
        verify: { anotations: { team: HIDDEN }, trustedKeys: [{ key: 'k', notbefore: HIDDEN }] },
        source: { comit: HIDDEN },
        format: 'zip',
      };
      await refused({ use, images: { app } }, [
        'verfy: unknown; did you mean "verify"?',
        'verify.anotations: unknown; did you mean "annotations"?',
        'verify.trustedKeys[0].notbefore: unknown; did you mean "notBefore"?',
        'source.comit: unknown; did you mean "commit"?',
        'key.pasword: unknown; did you mean "password"?',
        'format: must be one of bundle, legacy, both',
      ]);
    },
    SCENARIO,
  );

  it(
    'of a verified image is reported, also in an object that is secret as a whole',
    async () => {
      const app = {
        image,
        keys: [stage.key.publicKey],
        anotations: {},
        provenance: { builderid: HIDDEN },
        registry: secret({ pasword: HIDDEN }),
      };
      await refused({ use: 'local', verified: { app } }, [
        'anotations: unknown; did you mean "annotations"?',
        'provenance.builderid: unknown; did you mean "builderId"?',
        'registry: has an unknown member; expected one of username, password',
      ]);
    },
    SCENARIO,
  );
});
