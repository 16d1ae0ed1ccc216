import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import {
  type DebianRegistry,
  type Engine,
  pushBaseImage,
  startContainers,
  startDebianRegistry,
} from '../../dev/builders';
import { installBuildx } from '../../dev/builders/docker-daemon';
import { type BuildRequest, selectBuilder } from '../../src/build';
import { Context } from '../build/requests';

/** Real builders on a machine that is not set up as usual. */

let folder: string;
let registry: DebianRegistry;
let containers: Engine;
let base: string;
let context: Context;
beforeAll(async () => {
  folder = mkdtempSync(join(os.tmpdir(), 'unusual-hosts-'));
  registry = await startDebianRegistry({ folder: join(folder, 'registry') });
  containers = await startContainers({
    folder: join(folder, 'containers'),
    reaches: [registry.port],
  });
  await installBuildx(containers.env);
  base = await pushBaseImage({ registry: registry.host, name: 'base:1' });
}, 120_000);
afterAll(async () => {
  await containers?.stop();
  await registry?.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  context = new Context();
});
afterEach(() => context.remove());

const TIMEOUT = 120_000;
const build = async (
  name: 'auto' | 'podman' | 'buildah',
  further: Partial<BuildRequest> = {},
  variables: NodeJS.ProcessEnv = {},
) => {
  const request = context.request(`${registry.host}/unusual`, further);
  const env = { ...containers.env, ...variables };
  const builder = await selectBuilder(name, request, { env });
  const lines: string[] = [];
  const result = await builder.build(request, (line) => lines.push(line));
  return { result, lines };
};

test(
  'auto takes the next builder if the docker daemon of buildx does not respond',
  async () => {
    const { result } = await build('auto', {}, { DOCKER_HOST: 'tcp://127.0.0.1:1' });
    expect(result.builder).toBe('podman');
  },
  TIMEOUT,
);

describe('TMPDIR', () => {
  afterEach(() => jest.restoreAllMocks());
  // Node reads the variable of the process, which a test cannot set for itself.
  const setTemporary = (path: string) => jest.spyOn(os, 'tmpdir').mockReturnValue(path);

  test.each(['podman', 'buildah'] as const)(
    'with a comma, a quotation mark and spaces is used, and left empty: %s',
    async (name) => {
      const temporary = join(folder, `temp, "ä ${name}`);
      mkdirSync(temporary);
      setTemporary(temporary);
      context.write(
        'Dockerfile',
        `FROM ${base}\nRUN --mount=type=secret,id=t test -s /run/secrets/t\n`,
      );
      await build(name, { secrets: { t: 'canary-of-temp' } }, { TMPDIR: temporary });
      expect(readdirSync(temporary)).toEqual([]);
    },
    TIMEOUT,
  );

  test('that does not exist is named', async () => {
    setTemporary(join(folder, 'missing'));
    await expect(build('podman')).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      property: 'build',
      message: expect.stringMatching(/^the temporary folder \S+missing cannot be used \(ENOENT\)/),
    });
  });
});

test(
  'a step that colors a secret does not hide it from redaction, and changes no terminal',
  async () => {
    const secret = 'canary-of-colors';
    context.write(
      'Dockerfile',
      `FROM ${base}\nRUN --mount=type=secret,id=t E=$(printf '\\033'); sed "s/of/$E[1;31mof$E[0m/" /run/secrets/t; printf '\\033[2J\\n'; false\n`,
    );
    const error: unknown = await build('podman', { secrets: { t: secret } }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: 'BUILD_FAILED' });
    expect(String(error)).toContain('***');
    expect(String(error)).not.toContain('-colors');
    expect(String(error)).not.toContain('\u001b');
  },
  TIMEOUT,
);

test(
  'the remote client of podman is refused for what it does not send to its service',
  async () => {
    const socket = join(folder, 'podman.sock');
    const service = spawn('podman', ['system', 'service', '--time=0', `unix://${socket}`], {
      env: containers.env,
      stdio: 'ignore',
    });
    try {
      while (!existsSync(socket) && service.exitCode === null) await delay(100);
      const remote = { CONTAINER_HOST: `unix://${socket}` };
      const refusals: readonly [Partial<BuildRequest>, string][] = [
        [{ secrets: { t: 'canary-of-service' } }, '`build.secrets`: the remote client of podman'],
        [{ ssh: [{ id: 'default', paths: [] }] }, '`build.ssh`: the remote client of podman'],
        [
          { contexts: { other: { kind: 'folder', path: folder } } },
          '`build.contexts`: the remote client of podman',
        ],
      ];
      for (const [further, message] of refusals) {
        await expect(build('podman', further, remote)).rejects.toMatchObject({
          code: 'BUILDER_UNAVAILABLE',
          message: expect.stringContaining(message),
        });
      }
    } finally {
      service.kill('SIGTERM');
    }
  },
  TIMEOUT,
);
