import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { createEngine, type RunResult } from '../dev/engine';
import type { Traffic } from './traffic';
import type { World } from './world';

const ROOT = resolve(__dirname, '..');

const PROGRAM = `
const { readFileSync } = require('node:fs');
const { SignedImage } = require('pulumi-signed-image');
const { images, always } = JSON.parse(readFileSync('images.json', 'utf8'));
for (const [index, image] of images.entries()) {
  const verify = { always };
  new SignedImage('image-' + index, { image, key: { ref: 'key.pem' }, source: { allowDirty: true }, verify });
}
`;

/** An update of a stack without changes, after the one that signed its images. */
export interface Unchanged {
  readonly images: number;
  readonly always: boolean;
  /** Of the second update; `time` and `first` are the durations of both, in milliseconds. */
  readonly traffic: Traffic;
  readonly time: number;
  readonly first: number;
  /** The requests for the image, if it is the only one. */
  readonly lines: readonly string[];
}

/** Updates a program with each number of images on the local engine, 16 steps at a time as on the real one. */
export async function measureUnchanged(
  world: World,
  sizes: readonly number[],
): Promise<readonly Unchanged[]> {
  const found: Unchanged[] = [];
  for (const images of sizes) {
    for (const always of [false, true]) found.push(await updateTwice(world, images, always));
  }
  return found;
}

async function updateTwice(world: World, images: number, always: boolean): Promise<Unchanged> {
  const folder = layOut(world, images, always);
  const engine = createEngine({
    projectDir: folder,
    stack: 'bench',
    stateFile: join(folder, 'state.json'),
    passphrase: 'bench',
    parallel: 16,
  });
  const timed = async (): Promise<number> => {
    const began = performance.now();
    succeeded(await engine.up());
    return performance.now() - began;
  };
  const first = await timed();
  const { traffic, result: time, lines } = await world.counted(timed);
  return { images, always, traffic, time, first, lines: images === 1 ? lines : [] };
}

function succeeded({ ok, diagnostics }: RunResult): void {
  if (!ok) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
}

function layOut(world: World, count: number, always: boolean): string {
  const folder = mkdtempSync(join(world.folder, 'program-'));
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  write('index.js', PROGRAM);
  write('package.json', JSON.stringify({ name: 'bench', private: true, main: 'index.js' }));
  const plugin = JSON.stringify(join(ROOT, 'plugin'));
  write(
    'Pulumi.yaml',
    `name: bench\nruntime: nodejs\nplugins:\n  providers:\n    - name: signed-image\n      path: ${plugin}\n`,
  );
  write('key.pem', String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  write('images.json', JSON.stringify({ images: world.newImages(count), always }));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}
