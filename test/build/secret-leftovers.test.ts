import { chmodSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { podmanBuilder } from '../../src/build';
import { removeSecretLeftovers } from '../../src/build/secret-leftovers';
import { FakeTools } from './fake-tools';
import { Context } from './requests';

const SECRET = 'canary-left-in-memory-8d20';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signed-image-leftovers-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a file of a builder with the content of a secret is removed, and no other file', async () => {
  const at = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    chmodSync(path, 0o400);
    return path;
  };
  const ours = at('buildah123', SECRET);
  const others = [
    at('buildah124', SECRET.toUpperCase()),
    at('buildah125', `${SECRET}\n`),
    at('other123', SECRET),
  ];
  const link = join(folder, 'buildah126');
  symlinkSync(others[2] ?? '', link);
  await removeSecretLeftovers([SECRET], folder);
  expect(existsSync(ours)).toBe(false);
  for (const path of [...others, link]) expect(existsSync(path)).toBe(true);
});

test('a missing folder is not an error', async () => {
  await removeSecretLeftovers([SECRET], join(folder, 'none'));
});

// The folder exists on Linux only, and so do these files.
const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('a build that fails leaves no secret in memory', async () => {
  const tools = new FakeTools();
  const context = new Context();
  tools.add(
    'podman',
    `if (argv.includes('build') && !argv.includes('--help')) {
      write('/dev/shm/buildah' + process.pid, process.env.SIGNED_IMAGE_BUILD_SECRET_0);
      console.log('pid ' + process.pid);
      return 1;
    }`,
  );
  const lines: string[] = [];
  const building = podmanBuilder({ env: tools.env }).build(
    context.request('r.example/app', { secrets: { token: SECRET } }),
    (line) => lines.push(line),
  );
  await expect(building).rejects.toMatchObject({ code: 'BUILD_FAILED' });
  const pid = /pid (\d+)/.exec(lines.join('\n'))?.[1];
  expect(pid).toBeDefined();
  expect(existsSync(`/dev/shm/buildah${pid}`)).toBe(false);
  tools.remove();
  context.remove();
});
