import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pushImage } from '../../../interop/support/images';
import { JobSummary, summaryPath } from '../../../../src/pulumi/plugin/summary/job-summary';
import { Secret } from '../../../../src/pulumi/plugin/protocol/wire-value';
import { openWorkbench, PASSWORD, type Workbench } from '../support/workbench';
import { withoutCodeSpans } from '../../../report/support/code-spans';

const folder = mkdtempSync(join(tmpdir(), 'job-summary-'));
const GITHUB_STEP_SUMMARY = join(folder, 'summary.md');
const env = { SIGNED_IMAGE_JOB_SUMMARY: 'true', GITHUB_STEP_SUMMARY };
const summary = (): string => readFileSync(GITHUB_STEP_SUMMARY, 'utf8');
const log = { warn: (): void => undefined };
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => writeFileSync(GITHUB_STEP_SUMMARY, 'Before, without a line break'));

test('the summary requires the opt-in and a file', () => {
  expect(summaryPath(env)).toBe(GITHUB_STEP_SUMMARY);
  expect(summaryPath({ GITHUB_STEP_SUMMARY })).toBeUndefined();
  expect(summaryPath({ ...env, SIGNED_IMAGE_JOB_SUMMARY: 'false' })).toBeUndefined();
  expect(summaryPath({ SIGNED_IMAGE_JOB_SUMMARY: 'true' })).toBeUndefined();
});

describe('the resources of an update', () => {
  let bench: Workbench;
  beforeAll(async () => void (bench = await openWorkbench({}, env)));
  afterAll(() => bench.close());

  const key = { ref: 'cosign.key', password: new Secret(PASSWORD) };

  test('add one section for a verified image, with its signature', async () => {
    const { reference: image } = await pushImage(bench.registry.host);
    await bench.create('ImageSignature', {
      image,
      key,
      annotations: { team: '`|<script>' },
      provenance: { disabled: true },
    });
    expect(summary()).toBe('Before, without a line break');
    await bench.create('VerifiedImage', { image, keys: [bench.publicKey] });
    const text = summary();
    expect(text).toMatch(/^Before, without a line break\n### ✅ `app`: verified\n/);
    expect(text.match(/^### /gm)).toHaveLength(1);
    expect(text).toContain(image);
    expect(text).toContain('- Branch: `main`');
    expect(text).toMatch(/\| `signature \(bundle\)` \| `present` \|/);
    expect(text).not.toContain(PASSWORD);
    expect(text.split('\n').map(withoutCodeSpans).join('\n')).not.toContain('<script>');
  });

  test('add what failed, and the error', async () => {
    const { reference: image } = await pushImage(bench.registry.host);
    await expect(
      bench.create('VerifiedImage', { image, keys: [bench.publicKey] }),
    ).rejects.toThrow();
    const text = summary();
    expect(text).toContain('### ❌ `app`: problem\n');
    expect(text).toContain('[VERIFY_UNSIGNED]');
    expect(text).toContain('- Required transparency: `none`');
  });

  test('add nothing in a preview', async () => {
    const { reference: image } = await pushImage(bench.registry.host);
    const resource = bench.resource('VerifiedImage');
    const urn = 'urn:pulumi:s::p::signed-image:index:VerifiedImage::preview';
    const request = { urn, log: bench.log };
    const news = { image, keys: [bench.publicKey] };
    const { inputs } = await resource.check({ ...request, olds: {}, news });
    await expect(resource.create({ ...request, inputs, preview: true })).rejects.toThrow();
    expect(summary()).toBe('Before, without a line break');
  });
});

test('the resources of a component are one image with its name', async () => {
  const bench = await openWorkbench({}, env);
  try {
    const { reference: image } = await pushImage(bench.registry.host);
    const chain = 'my:index:App$signed-image:index:SignedImage$signed-image:index';
    const create = async (
      name: 'ImageSignature' | 'VerifiedImage',
      suffix: string,
      news: object,
    ) => {
      const urn = `urn:pulumi:s::p::${chain}:${name}::web-${suffix}`;
      const resource = bench.resource(name);
      const request = { urn, log: bench.log };
      const { inputs } = await resource.check({ ...request, olds: {}, news: news as never });
      return resource.create({ ...request, inputs, preview: false });
    };
    await create('ImageSignature', 'signature', { image, key, provenance: { disabled: true } });
    await create('VerifiedImage', 'verified', { image, keys: [bench.publicKey] });
    expect(summary()).toContain('### ✅ `web`: verified\n');
    expect(summary()).toContain('- Commit: `');
  } finally {
    await bench.close();
  }
});

const key = { ref: 'cosign.key', password: new Secret(PASSWORD) };

test('a summary of 1 MiB gets a note instead of the sections that do not fit', async () => {
  const path = join(folder, 'large.md');
  const all = new JobSummary(path);
  const section = `${'x'.repeat(100_000)}\n`;
  await Promise.all(Array.from({ length: 20 }, () => all.append(section, log)));
  const text = readFileSync(path, 'utf8');
  expect(text.length).toBeLessThan(1024 * 1024);
  expect(text.match(/x+/g)).toHaveLength(10);
  expect(text.match(/Further images are not shown/g)).toHaveLength(1);
});

test('a file that cannot be written is a warning', async () => {
  const warnings: string[] = [];
  const all = new JobSummary(folder);
  await all.append('text', { warn: (line) => void warnings.push(line) });
  await all.append('text', { warn: (line) => void warnings.push(line) });
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toContain('the job summary cannot be written to GITHUB_STEP_SUMMARY');
});

test('sections of several processes are not mixed', async () => {
  const path = join(folder, 'shared.md');
  const writers = Array.from({ length: 4 }, () => new JobSummary(path));
  await Promise.all(
    writers.flatMap((writer, index) =>
      Array.from({ length: 20 }, () => writer.append(`${String(index).repeat(5000)}\n`, log)),
    ),
  );
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  expect(lines).toHaveLength(80);
  expect(lines.every((line) => /^(\d)\1{4999}$/.test(line))).toBe(true);
});
