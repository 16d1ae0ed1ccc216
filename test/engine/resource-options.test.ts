import { type EngineUnderTest, enginesUnderTest } from '../../dev/engine/under-test';
import { pushImage } from '../interop/support/images';
import { deedsOf, openStage, SCENARIO, type Stage } from './support/stage';

/** Declares what `declared.json` lists: the class, the name, the arguments and the options of each resource. */
const PROGRAM = `
const { readFileSync } = require('node:fs');
const library = require('pulumi-signed-image');
const pulumi = require('@pulumi/pulumi');
/** As a program in another language declares it. */
class RemoteSignedImage extends pulumi.ComponentResource {
  constructor(name, args, opts) {
    super('signed-image:index:SignedImage', name, { imageRef: undefined, ...args }, opts, true);
  }
}
const made = {};
for (const { kind, name, args, opts } of JSON.parse(readFileSync('declared.json', 'utf8'))) {
  const { deletedWith, ...others } = opts ?? {};
  const options = deletedWith === undefined ? others : { ...others, deletedWith: made[deletedWith] };
  const Kind = kind === 'RemoteSignedImage' ? RemoteSignedImage : library[kind];
  made[name] = new Kind(name, args, options);
}
`;

interface Resource {
  readonly kind: 'SignedImage' | 'RemoteSignedImage' | 'VerifiedImage';
  readonly name: string;
  readonly args: object;
  readonly opts?: object;
}

describe.each(enginesUnderTest())('options of resources, on the $engine engine', (kind) => {
  let stage: Stage;
  let engine: EngineUnderTest;
  let image: string;

  const env = (): Readonly<Record<string, string>> => ({ COSIGN_PASSWORD: stage.key.password });
  const up = async (resources: readonly Resource[]) => {
    stage.write('declared.json', JSON.stringify(resources));
    return engine.up();
  };
  const signed = (name: string, opts: object = {}, change: object = {}): Resource => ({
    kind: 'SignedImage',
    name,
    args: { image, key: { ref: stage.key.ref }, ...change },
    opts,
  });
  const verified = (args: object, opts: object = {}): Resource => ({
    kind: 'VerifiedImage',
    name: 'checked',
    args: { image, keys: [stage.key.publicKey], ...args },
    opts,
  });

  beforeAll(async () => {
    stage = await openStage();
    stage.write('index.js', PROGRAM);
    stage.commit('a program');
    image = (await pushImage(stage.registry.host)).reference;
    engine = stage.stack(kind, env());
    expect((await up([signed('app')])).errors).toEqual([]);
    expect((await up([signed('app'), verified({ triggers: ['a'] })])).errors).toEqual([]);
  }, 2 * SCENARIO);
  afterAll(() => stage.close());

  it(
    '`ignoreChanges` keeps the recorded input, and `replaceOnChanges` replaces for the named input only',
    async () => {
      const ignored = verified({ triggers: ['b'] }, { ignoreChanges: ['triggers'] });
      expect(deedsOf(await up([signed('app'), ignored]))).toEqual([]);
      const other = verified(
        { triggers: ['a'], platforms: true },
        { replaceOnChanges: ['triggers'] },
      );
      expect(deedsOf(await up([signed('app'), other]))).toEqual(['update checked']);
      const replaced = verified(
        { triggers: ['c'], platforms: true },
        { replaceOnChanges: ['triggers'] },
      );
      const run = await up([signed('app'), replaced]);
      expect(run.errors).toEqual([]);
      expect(deedsOf(run)).toContain('replace checked');
    },
    2 * SCENARIO,
  );

  it(
    'a component that is renamed with an alias keeps its resources, and writes nothing',
    async () => {
      stage.forget();
      const renamed = signed('web', { aliases: [{ name: 'app' }] });
      const run = await up([renamed]);
      expect(run.errors).toEqual([]);
      expect(deedsOf(run)).toEqual(['delete checked']);
      expect(stage.writes()).toEqual([]);
    },
    SCENARIO,
  );

  // The local engine has no imports.
  (kind.engine === 'real' ? it : it.skip)(
    'an import is refused with what to do instead',
    async () => {
      const imported = verified({}, { import: image });
      const run = await up([signed('web', { aliases: [{ name: 'app' }] }), imported]);
      expect(run.errors.join('\n')).toMatch(/cannot be imported from .*Declare the resource/);
    },
    SCENARIO,
  );

  it(
    'a protected resource is not deleted, and one with `deletedWith` goes with the other',
    async () => {
      const [web, checked] = [
        signed('web', { protect: true, aliases: [{ name: 'app' }] }),
        verified({}),
      ];
      expect((await up([web, checked])).errors).toEqual([]);
      const refused = await engine.destroy();
      expect(refused.ok).toBe(false);
      const further: Resource = { ...verified({}, { deletedWith: 'web' }), name: 'more' };
      const remote: Resource = { ...signed('remote'), kind: 'RemoteSignedImage' };
      const free = signed('web', { protect: false, aliases: [{ name: 'app' }] });
      const tied = { ...remote, opts: { deletedWith: 'web' } };
      expect((await up([free, further, tied])).errors).toEqual([]);
      stage.forget();
      const gone = await engine.destroy();
      expect(gone.errors).toEqual([]);
      expect(stage.writes()).toEqual([]);
    },
    2 * SCENARIO,
  );
});
