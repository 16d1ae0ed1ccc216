import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { generateKey, type KeyHost, loadKeySigner, processHost } from '../../src/sign';
import { runTool, type ToolRun, toolPath } from './support/tools';

const PASSWORD = 'canary-password-of-a-pair';
const ENV = { COSIGN_PASSWORD: PASSWORD };
const host: KeyHost = { ...processHost(), env: ENV };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pairs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const cosign = (...args: string[]): Promise<ToolRun> =>
  runTool(toolPath('cosign'), args, { cwd: folder, env: { ...ENV, HOME: folder } });

describe('a pair in files', () => {
  test('that we made is opened by cosign', async () => {
    const outputPrefix = join(folder, 'ours');
    await generateKey({ outputPrefix, password: async () => PASSWORD }, host);
    const { code, stdout } = await cosign('public-key', '--key', `${outputPrefix}.key`);
    expect(code).toBe(0);
    expect(stdout.trim()).toBe((await readFile(`${outputPrefix}.pub`, 'utf8')).trim());
  });

  test('that cosign made is opened by us', async () => {
    const { code } = await cosign('generate-key-pair', '--output-key-prefix', 'theirs');
    expect(code).toBe(0);
    const signer = await loadKeySigner({ ref: join(folder, 'theirs.key') }, host);
    expect(signer.publicKey.pem).toBe(await readFile(join(folder, 'theirs.pub'), 'utf8'));
  });
});
