import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { COMMANDS, runCommandLine } from '../../src/cli/command-line';
import type { Terminal } from '../../src/cli/terminal';
import { processHost } from '../../src/sign';
import { run } from './support';

describe('the command line', () => {
  test.each([['--help'], ['-h'], ['help'], ['keys', '--help']])(
    'lists its commands for %s',
    async (...args) => {
      const { code, stdout, stderr } = await run(args);
      expect(code).toBe(0);
      for (const { words } of COMMANDS) expect(stdout).toContain(words.join(' '));
      expect(stderr).toBe('');
    },
  );

  test.each(COMMANDS.map(({ words }) => [words.join(' '), words] as const))(
    'tells how %s is used',
    async (name, words) => {
      const { code, stdout } = await run([...words, '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: signed-image ${name}`);
    },
  );

  test.each([
    [[], 'a command is missing'],
    [['sign'], 'there is no command "sign"'],
    [['keys'], 'there is no command "keys"'],
    [['keys', 'generate', '--force'], "Unknown option '--force'"],
    [['keys', 'generate', '--kms'], "Option '--kms <value>' argument missing"],
    [['keys', 'generate', 'k8s://a/b', '--kms', 'k8s://c/d'], 'only one key'],
    [['keys', 'generate', '--output-key-prefix', ''], '--output-key-prefix must not be empty'],
    [['keys', 'public'], 'give one key'],
    [['keys', 'public', '--key', 'a', 'b'], 'give one key'],
  ])('ends with 2 and the usage for %j', async (args, message) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`error: ${message}`);
    expect(stderr).toContain('Usage: signed-image ');
  });

  test('calls a defect a defect, without its words', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const said: string[] = [];
    const terminal: Terminal = {
      isInteractive: false,
      print: () => {
        throw new TypeError('canary-of-a-defect');
      },
      tell: (line) => void said.push(line),
      promptSecret: () => Promise.reject(new Error('nobody is asked')),
      readInput: () => Promise.reject(new Error('nothing is piped in')),
    };
    const host = { ...processHost(), env: { KEY: pem } };
    const args = ['keys', 'public', '--key', 'env://KEY'];
    expect(await runCommandLine(args, { host, terminal })).toBe(1);
    expect(said).toEqual([
      'error[INTERNAL]: this is a defect of signed-image, please report it (TypeError)',
    ]);
  });
});

test('the program of the package answers', async () => {
  const main = join(__dirname, '../../dist/cli/main.js');
  const { stdout } = await promisify(execFile)(process.execPath, [main, '--help']);
  expect(stdout).toContain('keys generate');
});
