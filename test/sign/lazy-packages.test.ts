import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const ROOT = resolve(__dirname, '../..');
const OPTIONAL =
  /node_modules[\\/](@aws-sdk|@smithy|@google-cloud|google-gax|@azure|@kubernetes|openid-client)[\\/]/;

/** Names every module that the process loads, be it by `require` or by `import`. */
const RECORDER = `
import { registerHooks } from 'node:module';
import { appendFileSync } from 'node:fs';
registerHooks({
  load(url, context, next) {
    appendFileSync(process.env.LOADED, url + '\\n');
    return next(url, context);
  },
});
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lazy-'));
  await writeFile(join(folder, 'recorder.mjs'), RECORDER);
});
afterAll(() => rm(folder, { recursive: true }));

/** The modules that a program of the compiled package loads. */
async function loadedBy(program: string): Promise<string[]> {
  const record = join(folder, 'loaded');
  await writeFile(record, '');
  const recorder = pathToFileURL(join(folder, 'recorder.mjs')).href;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', recorder, '--eval', program],
    { cwd: ROOT, env: { PATH: process.env['PATH'], LOADED: record } },
  );
  expect(stdout).toContain('done');
  return (await readFile(record, 'utf8')).split('\n').filter((url) => url !== '');
}

const SIGN = `
const { generateKeyPairSync } = require('node:crypto');
const { loadKeySigner, processHost } = require('./dist/sign');
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ref = process.env.LOADED + '.key';
require('node:fs').writeFileSync(ref, privateKey.export({ format: 'pem', type: 'pkcs8' }));
loadKeySigner({ ref }, processHost())
  .then((signer) => signer.sign(Buffer.from('data')))
  .then(({ signature }) => console.log(signature.length > 60 ? 'done' : 'no signature'));
`;

// The plugin begins to serve when its main module is run; what it serves with is loaded here.
const START = `
require('./dist');
require('./dist/plugin/main.js');
console.log('done');
setImmediate(() => process.exit(0));
`;

/** Opens a key of a cloud, which fails without credentials but loads the SDK. */
const OPEN_CLOUD = `
const { parseKeyReference, processHost } = require('./dist/sign');
const host = { ...processHost(), env: { AWS_CA_BUNDLE: '/nowhere' } };
parseKeyReference('awskms:///alias/team').open(host).catch(() => console.log('done'));
`;

describe('the packages of key services and identities', () => {
  it.each([
    ['the start of the plugin', START],
    ['a signature with a key in a file', SIGN],
  ])('are not loaded by %s', async (_, program) => {
    const loaded = await loadedBy(program);
    expect(loaded.some((url) => url.includes('/dist/key/'))).toBe(true);
    expect(loaded.filter((url) => OPTIONAL.test(url))).toEqual([]);
  });

  it('are detected by this test when they are loaded', async () => {
    const loaded = await loadedBy(OPEN_CLOUD);
    expect(loaded.some((url) => OPTIONAL.test(url))).toBe(true);
  });
});
