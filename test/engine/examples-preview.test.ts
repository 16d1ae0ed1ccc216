import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { enginesUnderTest, type EngineUnderTest } from '../../dev/engine/under-test';
import { pushImage } from '../interop/support/images';
import { deedsOf, openStage, SCENARIO, type Stage } from './support/stage';

const ROOT = resolve(__dirname, '..', '..');
const IDENTITY = 'https://ci.example.test/team/app/release.yml@refs/heads/main';

type Config = Readonly<Record<string, string>>;

/** The configuration of each TypeScript example, as its README describes it. */
const EXAMPLES: Readonly<Record<string, (stage: Stage, image: string) => Config>> = {
  'quickstart-ts': ({ registry, key }) => ({
    image: `${registry.host}/team/hello:v1`,
    key: key.ref,
  }),
  'existing-image-keyless-ts': (stage, image) => {
    const { fulcioUrl, rekorUrl, trustedRoot } = stage.sigstore;
    return {
      image,
      tokenFile: stage.newToken('job', { subject: IDENTITY }).path,
      sigstore: JSON.stringify({ fulcioUrl, rekorUrl, trustedRoot: JSON.stringify(trustedRoot) }),
      transparency: 'private',
    };
  },
  'existing-image-ts': ({ key }, image) => ({ image, key: key.ref, publicKey: 'cosign.pub' }),
  'verified-image-ts': (_stage, image) => ({ image, publicKey: 'cosign.pub' }),
};

const rows = enginesUnderTest().flatMap((kind) =>
  Object.keys(EXAMPLES).map((name) => ({ kind, engine: kind.engine, name })),
);

describe('an example', () => {
  const expectNoChanges = async (stack: EngineUnderTest): Promise<void> => {
    const flags = stack.engine === 'real' ? ['--expect-no-changes'] : [];
    const preview = await stack.preview(flags);
    expect(preview.errors).toEqual([]);
    expect(deedsOf(preview)).toEqual([]);
    expect(preview.ok).toBe(true);
  };

  it('is in this test if it is in TypeScript, and needs no plugin, job or library of its own', () => {
    const names = readdirSync(join(ROOT, 'examples')).filter(
      (name) =>
        readdirSync(join(ROOT, 'examples', name)).includes('index.ts') &&
        !/^(?:docker|enforced|keyless-)/.test(name),
    );
    expect(Object.keys(EXAMPLES).sort()).toEqual(names.sort());
  });

  it.each(rows)(
    '$name has an empty preview after an update and after a refresh, on the $engine engine',
    async ({ kind, name }) => {
      const stage = await openStage();
      try {
        rmSync(join(stage.projectDir, 'index.js'));
        cpSync(join(ROOT, 'examples', name), stage.projectDir, { recursive: true });
        stage.write(
          'Pulumi.yaml',
          stage.read('Pulumi.yaml').replaceAll('../../plugin', join(ROOT, 'plugin')),
        );
        stage.write('cosign.pub', stage.key.publicKey);
        stage.commit('the example');
        const { reference } = await pushImage(stage.registry.host);
        const stack = stage.stack(kind, { COSIGN_PASSWORD: stage.key.password });
        if (name === 'verified-image-ts') await sign(stage, reference, stack);
        const config = EXAMPLES[name]?.(stage, reference) ?? {};
        for (const [key, value] of Object.entries(config)) await stack.setConfig(key, value);
        await stack.setConfig('keyPassword', { secret: stage.key.password });

        expect((await stack.up()).errors).toEqual([]);
        await expectNoChanges(stack);
        expect((await stack.refresh()).errors).toEqual([]);
        await expectNoChanges(stack);
        expect((await stack.destroy()).errors).toEqual([]);
      } finally {
        await stage.close();
      }
    },
    4 * SCENARIO,
  );

  /** Another stack signs the image first. */
  async function sign(stage: Stage, image: string, { engine }: EngineUnderTest): Promise<void> {
    const other = await openStage();
    try {
      const { password } = stage.key;
      other.write('cosign.key', stage.read('cosign.key'));
      other.declare({ use: 'local', images: { app: { image, key: { ref: 'cosign.key' } } } });
      const [kind] = enginesUnderTest().filter((one) => one.engine === engine);
      if (kind === undefined) throw new Error(`no ${engine} engine`);
      const { errors } = await other.stack(kind, { COSIGN_PASSWORD: password }).up();
      expect(errors).toEqual([]);
    } finally {
      await other.close();
    }
  }
});
