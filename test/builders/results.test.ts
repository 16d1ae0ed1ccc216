import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pushBaseImage } from '../../dev/builders';
import { execute } from '../../dev/builders/engine';
import { Context } from '../build/requests';
import { configOf, manifestOf } from './support/image';
import {
  buildWith,
  REAL_BUILDERS,
  type RealBuilder,
  startWorkshop,
  type Workshop,
} from './support/workshop';

/** The pushed image matches the request, with every builder on its real engine. */

let workshop: Workshop;
let context: Context;
beforeAll(async () => {
  workshop = await startWorkshop();
}, 180_000);
afterAll(async () => {
  await workshop?.stop();
}, 60_000);
beforeEach(() => {
  context = new Context();
});
afterEach(() => context.remove());

const TIMEOUT = 180_000;
/** Of the builder's own, so that no build finds another one's layers in the registry. */
const repositoryOf = (name: string, what: string) =>
  `${what}/${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;

describe.each(REAL_BUILDERS)('%s', (name) => {
  const real = (): RealBuilder => workshop.builders[name];
  const request = (repository: string, further = {}) =>
    context.request(`${workshop.registry.host}/${repository}:1`, {
      registry: { insecure: true },
      ...further,
    });

  test(
    'the same content for one platform after another gives an image for each',
    async () => {
      const { host } = workshop.registry;
      const repository = repositoryOf(name, 'platforms');
      for (const architecture of ['amd64', 'arm64', 'amd64']) {
        const declared = request(repository, { platforms: [`linux/${architecture}`] });
        const { result } = await buildWith(real(), declared);
        expect((await configOf(host, repository, result.digest)).architecture).toBe(architecture);
      }
    },
    TIMEOUT,
  );

  test(
    'a base whose tag has moved in its registry is pulled',
    async () => {
      const { host } = workshop.registry;
      const tag = repositoryOf(name, 'base');
      const repository = repositoryOf(name, 'moved-base');
      for (const content of ['one', 'two']) {
        const files = { '/content': content };
        const settings = { Labels: { content } };
        const base = await pushBaseImage({ registry: host, name: `${tag}:1`, files, settings });
        context.write('Dockerfile', `FROM ${base}\nCOPY hello /hello\n`);
        const { result } = await buildWith(real(), request(repository));
        const { config } = await configOf(host, repository, result.digest);
        expect(config['Labels']).toEqual({ content });
      }
    },
    TIMEOUT,
  );

  test(
    'a base with the same layers and other settings is not taken for the one that is named',
    async () => {
      const { host } = workshop.registry;
      for (const user of ['1', '2']) {
        const settings = { User: user };
        const base = await pushBaseImage({ registry: host, name: `same-layers:${user}`, settings });
        context.write('Dockerfile', `FROM ${base}\nENV A=1\nCOPY hello /hello\n`);
        const repository = repositoryOf(name, 'same-layers');
        const { result } = await buildWith(real(), request(repository));
        const { config } = await configOf(host, repository, result.digest);
        expect(config['User']).toBe(user);
      }
    },
    TIMEOUT,
  );
});

test.each(['buildx, BuildKit 0.26', 'podman', 'buildah'] as const)(
  '%s gives an index of two platforms with equal content',
  async (name) => {
    const { host } = workshop.registry;
    const repository = repositoryOf(name, 'index');
    const platforms = ['linux/amd64', 'linux/arm64'];
    const request = context.request(`${host}/${repository}:1`, {
      platforms,
      registry: { insecure: true },
    });
    const { result } = await buildWith(workshop.builders[name], request);
    const { manifests } = await manifestOf(host, repository, result.digest);
    expect(manifests.map(({ platform }) => `${platform.os}/${platform.architecture}`)).toEqual(
      platforms,
    );
    for (const [index, { digest }] of manifests.entries()) {
      const { os, architecture } = await configOf(host, repository, digest);
      expect(`${os}/${architecture}`).toBe(platforms[index]);
    }
  },
  TIMEOUT,
);

describe.each(['buildx, dockerd 20.10', 'docker'] as const)('%s', (name) => {
  /** Builds while another job gives its image a tag before each push: a shell word. */
  const buildRetagged = async (moved: (target: string) => string) => {
    const { registry, builders } = workshop;
    const real = builders[name];
    const repository = repositoryOf(name, 'moved-tag');
    const target = `${registry.host}/${repository}:1`;
    const other = `${registry.host}/other:1`;
    context.write('Dockerfile', 'FROM scratch\nCOPY hello /other\n');
    await execute('docker', ['build', '--tag', other, context.folder], {
      ...real.engine.env,
      DOCKER_BUILDKIT: '0',
    });
    context.write('Dockerfile', 'FROM scratch\nLABEL ours=yes\nCOPY hello /hello\n');
    const request = context.request(target, { registry: { insecure: true } });
    const folder = mkdtempSync(join(tmpdir(), 'retagging-docker-'));
    const env = retagging(folder, real.engine.env, other, moved(target));
    try {
      const built = await buildWith({ ...real, engine: { ...real.engine, env } }, request);
      return { ...built, repository, host: registry.host };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };

  test(
    'pushes its own image although another build moved the declared tag',
    async () => {
      const { result, repository, host } = await buildRetagged((target) => `'${target}'`);
      const { config } = await configOf(host, repository, result.digest);
      expect(config['Labels']).toEqual({ ours: 'yes' });
      const tagged = await configOf(host, repository, '1');
      expect(tagged.config['Labels']).toEqual({ ours: 'yes' });
    },
    TIMEOUT,
  );

  test(
    'does not take an image for its own that something put under its unique tag',
    async () => {
      await expect(buildRetagged(() => '"$2"')).rejects.toMatchObject({
        code: 'BUILD_RESULT_MISMATCH',
        property: 'image',
        message: expect.stringContaining('is not the image of this build'),
      });
    },
    TIMEOUT,
  );
});

/** The real docker; before a push, another job moves a tag. */
function retagging(
  folder: string,
  env: NodeJS.ProcessEnv,
  other: string,
  target: string,
): NodeJS.ProcessEnv {
  const path = join(folder, 'docker');
  const rest = `PATH="\${PATH#*:}"; export PATH`;
  const moves = `if [ "$1" = push ]; then docker tag '${other}' ${target}; fi`;
  writeFileSync(path, `#!/bin/sh\n${rest}\n${moves}\nexec docker "$@"\n`);
  chmodSync(path, 0o755);
  return { ...env, PATH: `${folder}:${env['PATH'] ?? ''}` };
}
