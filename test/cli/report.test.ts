import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text as streamText } from 'node:stream/consumers';

import type { Report } from '../../src/report';
import { auditOf, DIGEST, IMAGE, verifiedStack } from '../report/support/state';
import { run, schemaFaults } from './support';

const MAIN = join(__dirname, '../../dist/cli/main.js');

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

test('the JSON is that of the documented schema', async () => {
  const state = await file('schema-state.json', verifiedStack());
  const outputs = await Promise.all([
    run(['report', '--stack-state', state, '-o', 'json']),
    run(['report', '--audit', '-', '-o', 'json'], { piped: auditOf(FINDING) }),
    run(['report', '--stack-state', state, '--audit', '-', '-o', 'json'], {
      piped: auditOf(FINDING),
    }),
    run(['report', '-o', 'json'], { piped: verifiedStack({ verification: '' }) }),
  ]);
  for (const { stdout } of outputs) expect(schemaFaults('report', stdout)).toEqual([]);
  const unknown = JSON.stringify({ ...(JSON.parse(outputs[0].stdout) as object), other: 1 });
  expect(schemaFaults('report', unknown)).toEqual([' must NOT have additional properties']);
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

test.each([['a file'], ['standard input']])('%s may begin with a byte order mark', async (from) => {
  const text = `\uFEFF${verifiedStack()}`;
  const path = from === 'a file' ? await file('marked.json', text) : '-';
  const { code, stderr } = await run(['report', '--stack-state', path], { piped: text });
  expect([code, stderr]).toEqual([0, '']);
});

test('UTF-16 is a usage error that says so', async () => {
  const path = join(folder, 'utf16.json');
  await writeFile(path, verifiedStack(), 'utf16le');
  const { code, stderr } = await run(['report', '--stack-state', path]);
  expect(code).toBe(2);
  expect(stderr).toContain('is not UTF-8 text; Windows PowerShell');
});

test.each([['--stack-state'], ['--audit']])('%s must not be empty', async (option) => {
  const { code, stderr } = await run(['report', option, '']);
  expect(code).toBe(2);
  expect(stderr).toContain(`error: ${option} must not be empty`);
});

test('standard input that does not fit into a text is a usage error', async () => {
  const reading = spawn(process.execPath, [MAIN, 'report'], { stdio: ['pipe', 'ignore', 'pipe'] });
  const part = Buffer.alloc(1 << 20, ' ');
  // The longest text has 2^29 - 24 characters.
  const input = Readable.from(Array.from({ length: 513 }, () => part));
  input.pipe(reading.stdin.on('error', () => undefined));
  const stderr = streamText(reading.stderr);
  const [code] = (await once(reading, 'close')) as [number];
  expect([code, await stderr]).toEqual([
    2,
    'error[INPUT_INVALID]: --stack-state: standard input cannot be read (it is too long)\n',
  ]);
});

test('control characters of a path do not reach the terminal', async () => {
  const { stderr } = await run(['report', '--stack-state', '/no/\u001b[31mfile\u202e']);
  expect(stderr).toContain('/no/ [31mfile ');
  expect(stderr).not.toContain('\u001b');
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
