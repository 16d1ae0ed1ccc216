import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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

test.each(['buildx, dockerd 20.10', 'docker'] as const)(
  '%s: an image that another build put under the tag is not taken for ours',
  async (name) => {
    const { registry, builders } = workshop;
    const real = builders[name];
    const target = `${registry.host}/${repositoryOf(name, 'moved-tag')}:1`;
    const other = `${registry.host}/other:1`;
    context.write('Dockerfile', 'FROM scratch\nCOPY hello /other\n');
    await execute('docker', ['build', '--tag', other, context.folder], {
      ...real.engine.env,
      DOCKER_BUILDKIT: '0',
    });

    context.write('Dockerfile', 'FROM scratch\nCOPY hello /hello\n');
    const request = context.request(target, { registry: { insecure: true } });
    const folder = mkdtempSync(join(tmpdir(), 'retagging-docker-'));
    const env = retagging(folder, real.engine.env, other, target);
    await expect(
      buildWith({ ...real, engine: { ...real.engine, env } }, request),
    ).rejects.toMatchObject({
      code: 'BUILD_RESULT_MISMATCH',
      property: 'image',
      message: expect.stringContaining('is not the image of this build'),
    });
    rmSync(folder, { recursive: true, force: true });
  },
  TIMEOUT,
);

/** The real docker; before a push, another job moves the tag. */
function retagging(
  folder: string,
  env: NodeJS.ProcessEnv,
  other: string,
  target: string,
): NodeJS.ProcessEnv {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'docker');
  const rest = `PATH="\${PATH#*:}"; export PATH`;
  const moves = `if [ "$1" = push ]; then docker tag '${other}' '${target}'; fi`;
  writeFileSync(path, `#!/bin/sh\n${rest}\n${moves}\nexec docker "$@"\n`);
  chmodSync(path, 0o755);
  return { ...env, PATH: `${folder}:${env['PATH'] ?? ''}` };
}
