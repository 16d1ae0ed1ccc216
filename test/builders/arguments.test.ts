import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pushBaseImage } from '../../dev/builders';
import { Context } from '../build/requests';
import { configOf } from './support/image';
import { buildWith, REAL_BUILDERS, startWorkshop, type Workshop } from './support/workshop';

/** The values of build arguments reach every real builder by its environment. */

const VALUE = 'canary-the-value-of-an-argument';

let workshop: Workshop;
let context: Context;
let folder: string;
beforeAll(async () => {
  workshop = await startWorkshop();
}, 180_000);
afterAll(async () => {
  await workshop?.stop();
}, 60_000);
beforeEach(() => {
  context = new Context();
  folder = mkdtempSync(join(tmpdir(), 'recorded-'));
});
afterEach(() => {
  context.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** The real programs, with recorded command lines. */
function recorded(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  for (const program of ['docker', 'podman', 'buildah']) {
    const path = join(folder, program);
    const rest = 'PATH="${PATH#*:}"; export PATH';
    writeFileSync(
      path,
      `#!/bin/sh\nprintf '%s\\n' "$@" >> '${folder}/argv'\n${rest}\nexec ${program} "$@"\n`,
    );
    chmodSync(path, 0o755);
  }
  return { ...env, PATH: `${folder}:${env['PATH'] ?? ''}` };
}

test.each(REAL_BUILDERS)(
  '%s takes the value of an argument from its environment',
  async (name) => {
    const { host } = workshop.registry;
    const base = await pushBaseImage({ registry: host, name: 'base:1' });
    context.write(
      'Dockerfile',
      `FROM ${base}\nARG VALUE\nARG EMPTY=default\nENV KEPT=$VALUE EMPTY="$EMPTY"\nRUN test "$VALUE" = '${VALUE}'\n`,
    );
    const real = workshop.builders[name];
    const repository = `arguments/${REAL_BUILDERS.indexOf(name)}`;
    const request = context.request(`${host}/${repository}:1`, {
      args: { VALUE, EMPTY: '' },
      registry: { insecure: true },
    });
    const env = recorded(real.engine.env);
    const { result } = await buildWith({ ...real, engine: { ...real.engine, env } }, request);
    const { config } = await configOf(host, repository, result.digest);
    expect(config['Env']).toEqual(expect.arrayContaining([`KEPT=${VALUE}`, 'EMPTY=']));
    const argv = readFileSync(join(folder, 'argv'), 'utf8').split('\n');
    expect(argv).toContain('VALUE');
    expect(argv.join('\n')).not.toContain(VALUE);
  },
  180_000,
);
