import { join } from 'node:path';

import { pushBaseImage } from '../../dev/builders';
import { type EngineUnderTest, enginesUnderTest } from '../../dev/engine/under-test';
import {
  deedsOf,
  imageOutputs,
  openStage,
  saidBy,
  SCENARIO,
  secret,
  type Stage,
} from '../engine/support/stage';
import { configOf } from './support/image';
import { REAL_BUILDERS, startWorkshop, type Workshop } from './support/workshop';

/** A program with each builder on its real engine, from the first update to a base that moves. */
describe.each(enginesUnderTest())('on the $engine engine', (kind) => {
  let stage: Stage;
  let workshop: Workshop;
  beforeAll(async () => {
    stage = await openStage();
    workshop = await startWorkshop([Number(stage.registry.host.split(':')[1])]);
  }, SCENARIO);
  afterAll(async () => {
    await workshop?.stop();
    await stage?.close();
  }, SCENARIO);

  describe.each(REAL_BUILDERS)('%s', (name) => {
    let engine: EngineUnderTest;
    let path = '';
    let first = '';
    const pushBase = (content: string): Promise<string> =>
      pushBaseImage({
        registry: stage.registry.host,
        name: `${path}-base:1`,
        files: { '/content': content },
        settings: { Labels: { content } },
      });

    beforeAll(async () => {
      const { key, registry } = stage;
      const { builder, engine: real } = workshop.builders[name];
      path = `stack/${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
      const { buildxBuilder, env } = real;
      engine = stage.stack(kind, {
        ...(env as Readonly<Record<string, string>>),
        DOCKER_CONFIG: join(env['HOME'] ?? '', '.docker'),
      });
      stage.write('app/Dockerfile', `FROM ${await pushBase('one')}\nCOPY message.txt /hello\n`);
      stage.commit(name);
      stage.declare({
        use: 'remote',
        images: {
          app: {
            image: `${registry.host}/${path}:v1`,
            build: {
              context: 'app',
              builder,
              ...(builder === 'buildx' && buildxBuilder !== undefined && { buildxBuilder }),
            },
            registry: { insecure: true },
            key: { ref: key.ref, password: secret(key.password) },
          },
        },
      });
    }, SCENARIO);

    const labels = async (digest: string): Promise<unknown> => {
      const { config } = await configOf(stage.registry.host, path, digest);
      return config['Labels'];
    };

    it(
      'builds, signs and verifies the image',
      async () => {
        const up = await engine.up();
        expect(up.errors).toEqual([]);
        const { digest, imageRef } = await imageOutputs(engine);
        expect(imageRef).toBe(`${stage.registry.host}/${path}@${digest}`);
        expect(await labels(digest)).toEqual({ content: 'one' });
        // A docker daemon pushed it under another tag.
        expect(await labels('v1')).toEqual({ content: 'one' });
        first = digest;
      },
      SCENARIO,
    );

    it(
      'changes nothing in a second update',
      async () => {
        stage.forget();
        const up = await engine.up();
        expect(up.errors).toEqual([]);
        expect(deedsOf(up)).toEqual([]);
        expect(stage.writes()).toEqual([]);
      },
      SCENARIO,
    );

    it(
      'builds again when the tag of the base has moved, and then changes nothing again',
      async () => {
        await pushBase('two');
        const up = await engine.up();
        expect(up.errors).toEqual([]);
        expect(saidBy(up)).toMatch(/rebuilding: base \S+ changed/);
        const { digest } = await imageOutputs(engine);
        expect(digest).not.toBe(first);
        expect(await labels(digest)).toEqual({ content: 'two' });
        expect(await labels('v1')).toEqual({ content: 'two' });

        stage.forget();
        expect(deedsOf(await engine.up())).toEqual([]);
        expect(stage.writes()).toEqual([]);
      },
      SCENARIO,
    );
  });
});
