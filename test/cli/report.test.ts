import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Report } from '../../src/report';
import { auditOf, DIGEST, IMAGE, verifiedStack } from '../report/support/state';
import { run } from './support';

let folder = '';
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'report-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

const FINDING = { image: IMAGE, digest: DIGEST, status: 'not-in-log' };

test('a stack export on standard input becomes one page', async () => {
  const { code, stdout, stderr } = await run(['report'], { piped: verifiedStack() });
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^<!DOCTYPE html>/);
});

test.each([
  ['markdown', /^## Container images\n/],
  ['json', /^\{\n {2}"version": 1,/],
])('--output %s has its own format', async (output, begin) => {
  const { stdout } = await run(['report', '-o', output], { piped: verifiedStack() });
  expect(stdout).toMatch(begin);
});

test('a state and an audit are combined', async () => {
  const state = await file('state.json', verifiedStack());
  const args = ['report', '--stack-state', state, '--audit', '-', '-o', 'json'];
  const { stdout, code } = await run(args, { piped: auditOf(FINDING) });
  expect(code).toBe(0);
  expect((JSON.parse(stdout) as Report).images).toMatchObject([
    { name: 'web', status: 'problem', audit: { status: 'not-in-log' } },
  ]);
});

test('--check has an exit code for each outcome', async () => {
  const exit = async (piped: string, input = '--stack-state'): Promise<number> =>
    (await run(['report', '--check', input, '-'], { piped })).code;
  expect(await exit(verifiedStack())).toBe(0);
  expect(await exit(verifiedStack({ drift: ['a signature is gone'] }))).toBe(1);
  expect(await exit(verifiedStack({ verification: '' }))).toBe(3);
  expect(await exit(auditOf(FINDING), '--audit')).toBe(1);
  expect(await exit(auditOf(), '--audit')).toBe(3);
});

test.each([
  ['both from standard input', ['--stack-state', '-', '--audit', '-'], 'only one of'],
  ['a file that does not exist', ['--stack-state', '/does/not/exist'], 'cannot be read (ENOENT)'],
  ['another format', ['-o', 'pdf'], '--output must be html, markdown or json'],
])('%s is a usage error', async (_, args, message) => {
  const { code, stderr } = await run(['report', ...args], { piped: '{}' });
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

test('an input of another kind is a usage error that does not quote it', async () => {
  const { code, stderr } = await run(['report'], { piped: '{"password": "a hidden value"}' });
  expect(code).toBe(2);
  expect(stderr).toContain('`pulumi stack export`');
  expect(stderr).not.toContain('hidden');
});

test('without an input at a terminal, the command does not wait', async () => {
  const { code, stderr } = await run(['report'], { typed: [] });
  expect(code).toBe(2);
  expect(stderr).toContain('--stack-state or --audit is required');
});
