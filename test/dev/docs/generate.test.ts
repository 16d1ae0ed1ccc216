import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '../../..');

describe('docs/reference/inputs-outputs.md', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'signed-image-docs-'));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('is what dev/docs/generate.mjs writes from schema.json', () => {
    const generated = join(folder, 'inputs-outputs.md');
    execFileSync(process.execPath, [join(root, 'dev/docs/generate.mjs'), generated]);
    const checkedIn = readFileSync(join(root, 'docs/reference/inputs-outputs.md'), 'utf8');
    // If this fails: `node dev/run.mjs docs`.
    expect(readFileSync(generated, 'utf8')).toBe(checkedIn);
  });
});
