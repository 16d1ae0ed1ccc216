import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

import { inspectExport } from '../../src/export';
import { signWithOurs } from '../interop/support/ours';
import { type Stack, startStack } from '../interop/support/stack';
import {
  archiveOf,
  exported,
  extracted,
  offlineSigner,
  policyArgs,
  signedImage,
} from '../offline/support/cases';

jest.setTimeout(300_000);

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ referrersApi: true });
});
afterAll(() => stack.close());

const filesOf = (folder: string): readonly string[] =>
  execFileSync('find', ['.', '-type', 'f'], { cwd: folder, encoding: 'utf8' })
    .trim()
    .split('\n')
    .sort();

/** The most characters that an output has. */
const SIZES = [
  ['key', 'bundle', 'image', 10_000],
  ['key', 'both', 'index', 30_000],
  ['keyless + log + timestamp', 'bundle', 'image', 30_000],
  ['keyless + log + timestamp', 'bundle', 'index', 60_000],
] as const;

test.each(SIZES)(
  'of %s, %s, %s: has the files of an export, verifies, and is small',
  async (kind, format, shape, most) => {
    const signer = await offlineSigner(stack, kind);
    const image = await signedImage(stack, signer, { format, shape });
    const label = `${kind}-${format}-${shape}`.replaceAll(/[^a-z]+/g, '-');
    const archive = await archiveOf(stack, signer, image);
    const folder = await extracted(stack, archive, label);
    const whole = join(stack.folder, `${label}-export`);
    await exported(stack, signer, image, whole, false);
    expect(filesOf(folder)).toEqual(filesOf(whole));
    for (const path of filesOf(folder)) {
      // The time of the export is in these files only.
      if (['./export.json', './checksums.txt'].includes(path)) continue;
      const [ours, theirs] = await Promise.all(
        [folder, whole].map((each) => readFile(join(each, path), 'utf8')),
      );
      if (path !== './README.md') expect({ path, text: ours }).toEqual({ path, text: theirs });
    }
    const report = await inspectExport({ ...policyArgs(stack, signer), folder });
    expect(report).toMatchObject({ verified: true, unmet: [] });
    process.stderr.write(
      `${label}: ${archive.length} characters in a state, ${gunzipSync(Buffer.from(archive, 'base64')).length} bytes as files\n`,
    );
    expect(archive.length).toBeLessThan(most);
  },
);

test('has nothing of other signers, and stays the same while the same signatures verify', async () => {
  const signer = await offlineSigner(stack, 'key');
  const image = await signedImage(stack, signer, { format: 'bundle', shape: 'image' });
  const before = await archiveOf(stack, signer, image);
  const other = await offlineSigner(stack, 'RSA key + log');
  await signWithOurs(image, other, { format: 'bundle' });
  expect(await archiveOf(stack, signer, image)).toBe(before);
});

test('a former archive of another compressor stays if it has the same files, and no other does', async () => {
  const signer = await offlineSigner(stack, 'key');
  const image = await signedImage(stack, signer, { format: 'bundle', shape: 'image' });
  const archive = await archiveOf(stack, signer, image);
  const tar = gunzipSync(Buffer.from(archive, 'base64'));
  const former = gzipSync(tar, { level: 1 }).toString('base64');
  expect(former).not.toBe(archive);
  expect(await archiveOf(stack, signer, image, former)).toBe(former);
  const changed = Buffer.from(tar);
  changed[600] = (changed[600] ?? 0) ^ 1;
  expect(await archiveOf(stack, signer, image, gzipSync(changed).toString('base64'))).toBe(archive);
  expect(await archiveOf(stack, signer, image, 'not an archive')).toBe(archive);
});
