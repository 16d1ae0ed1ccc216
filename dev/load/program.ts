import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { publicKeyOf } from '../../src/sign';
import { createEngine } from '../engine';
import { startRegistry } from '../registry';
import { storeImage } from './image';
import { watchPlugin } from './peak-memory';
import { isSignedBy, targetAt } from './signer';

const ROOT = resolve(__dirname, '..', '..');
const PLUGIN = join(ROOT, 'plugin');

const PROGRAM = `
const { readFileSync } = require('node:fs');
const { SignedImage } = require('pulumi-signed-image');
for (const [name, image] of Object.entries(JSON.parse(readFileSync('images.json', 'utf8')))) {
  new SignedImage(name, { image, key: { ref: 'key.pem' }, source: { allowDirty: true } });
}
`;

export interface ProgramLoad {
  readonly images: number;
  readonly seconds: number;
  readonly peakMegabytes: number | undefined;
  readonly requestsPerImage: number;
  readonly expected: number;
  readonly found: number;
  /** Requests of the second update that change something; must be 0. */
  readonly writesAgain: number;
}

/** Updates a program with many images on the local engine, 16 at a time; then updates it again. */
export async function loadProgram(images: number): Promise<ProgramLoad> {
  const folder = mkdtempSync(join(tmpdir(), 'signed-image-load-'));
  const registry = await startRegistry();
  try {
    const names = Array.from({ length: images }, (_, index) => `load/image-${index}`);
    const digests = names.map((name) => storeImage(registry, name));
    const publicKey = layOut(
      folder,
      names.map((name, index) => `${registry.host}/${name}@${digests[index] ?? ''}`),
    );
    const engine = createEngine({
      projectDir: folder,
      stack: 'load',
      stateFile: join(folder, 'state.json'),
      passphrase: 'load',
      parallel: 16,
    });
    registry.clearRequests();
    const memory = watchPlugin(PLUGIN);
    const started = Date.now();
    const first = await engine.up();
    const seconds = (Date.now() - started) / 1000;
    const peakMegabytes = memory.stop();
    if (!first.ok) throw new Error(first.diagnostics.map(({ message }) => message).join('\n'));
    const requests = registry.requests.length;

    registry.clearRequests();
    const second = await engine.up();
    if (!second.ok) throw new Error('the second update failed');
    const writesAgain = registry.requests.filter(
      ({ method }) => !['GET', 'HEAD'].includes(method),
    ).length;

    let found = 0;
    for (const [index, name] of names.entries()) {
      const digest = digests[index];
      if (!digest) continue;
      const target = targetAt(`${registry.host}/${name}`, digest);
      const referrers = await target.client.referrers(target.repository, digest);
      if (await isSignedBy(target, publicKey, 'bundle')) found += referrers.length;
      await target.client.close();
    }
    const requestsPerImage = requests / images;
    return {
      images,
      seconds,
      peakMegabytes,
      requestsPerImage,
      expected: images,
      found,
      writesAgain,
    };
  } finally {
    await registry.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function layOut(folder: string, images: readonly string[]) {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  mkdirSync(folder, { recursive: true });
  write('index.js', PROGRAM);
  write('package.json', JSON.stringify({ name: 'load', private: true, main: 'index.js' }));
  write(
    'Pulumi.yaml',
    `name: load\nruntime: nodejs\nplugins:\n  providers:\n    - name: signed-image\n      path: ${PLUGIN}\n`,
  );
  write('key.pem', String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' })));
  write(
    'images.json',
    JSON.stringify(Object.fromEntries(images.map((image, index) => [`image-${index}`, image]))),
  );
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return publicKeyOf(pair.publicKey);
}
