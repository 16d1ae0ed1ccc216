import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { localEngine } from '../../dev/engine/under-test';
import { pushImage } from '../interop/support/images';
import { command } from './support/command';
import { copyExample } from './support/example';
import { GO } from './support/go';
import { PYTHON } from './support/python';
import { openWorld, PASSWORD, type World } from './support/world';

const MINUTES = 60_000;

let world: World;
beforeAll(async () => (world = await openWorld()), 15 * MINUTES);
afterAll(() => world?.close());

async function signed(): Promise<string> {
  const { reference } = await pushImage(world.registry.host);
  await command(
    world.folder,
    [
      ...([world.cosign, 'sign', '--key', world.key.privateKey] as const),
      ...['--use-signing-config=false', '--tlog-upload=false'],
      ...['--allow-http-registry', '--yes', reference],
    ],
    { COSIGN_PASSWORD: PASSWORD },
  );
  return reference;
}

const rows = [
  {
    language: PYTHON,
    example: 'enforced-python',
    file: '__main__.py',
    image: 'image=image.image_ref)',
    other: 'image="registry.example/other:v1")',
  },
  {
    language: GO,
    example: 'enforced-go',
    file: 'main.go',
    image: 'Image: image.ImageRef}',
    other: 'Image: pulumi.String("registry.example/other:v1")}',
  },
];

describe('the verified images of a program', () => {
  it.each(rows)(
    'are the only images of its workloads, in the preview too ($language.name)',
    async ({ language, example, file, image, other }) => {
      const project = join(world.folder, example);
      copyExample(example, project, world);
      await language.install?.(project, world);
      await language.compile?.(project, world);
      const engine = localEngine({
        projectDir: project,
        dir: `${project}-state`,
        env: world.env,
      });
      await engine.setConfig('image', await signed());
      await engine.setConfig('publicKey', world.key.publicKey);
      const up = await engine.up();
      if (!up.ok) throw new Error([...up.errors, up.logs].join('\n'));
      expect(up.steps.map(({ op, name }) => `${op} ${name}`)).toContain('create hello');

      const main = join(project, file);
      const text = readFileSync(main, 'utf8');
      expect(text).toContain(image);
      writeFileSync(main, text.replace(image, other));
      for (const run of [await engine.preview(), await engine.up()]) {
        expect(run.ok).toBe(false);
        expect([...run.errors, run.logs].join('\n')).toContain(
          'spec.template.spec.containers[0].image: registry.example/other:v1',
        );
      }
      writeFileSync(main, text);
      expect((await engine.up()).errors).toEqual([]);
    },
    20 * MINUTES,
  );
});
