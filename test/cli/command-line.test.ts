import { execFile, spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';

import { runCommandLine } from '../../src/cli/command-line';
import { COMMANDS } from '../../src/cli/commands';
import type { Terminal } from '../../src/cli/terminal';
import { processHost } from '../../src/sign';
import { run } from './support';

describe('the command line', () => {
  test.each([['--help'], ['-h'], ['help']])('lists its commands for %j', async (...args) => {
    const { code, stdout, stderr } = await run(args);
    expect(code).toBe(0);
    for (const { words } of COMMANDS) expect(stdout).toContain(words.join(' '));
    expect(stderr).toBe('');
  });

  test.each(COMMANDS.map(({ words }) => [words.join(' '), words] as const))(
    'prints the help of %s',
    async (name, words) => {
      const { code, stdout } = await run([...words, '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: signed-image ${name}`);
      expect((await run(['help', ...words])).stdout).toBe(stdout);
    },
  );

  test.each(['keys', 'audit', 'policy'])('prints the help of the group %s', async (group) => {
    const { code, stdout, stderr } = await run([group, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Usage: signed-image ${group} COMMAND [OPTIONS]`);
    for (const { words, summary } of COMMANDS) {
      const line = `\n  ${words.join(' ')} `;
      if (words[0] === group) expect(stdout).toContain(summary);
      else expect(stdout).not.toContain(line);
    }
  });

  test('prints the version of the package', async () => {
    const text = await readFile(join(__dirname, '../../package.json'), 'utf8');
    const { version } = JSON.parse(text) as { readonly version: string };
    expect(await run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test.each([
    [[], 'a command is required'],
    [['sing'], 'unknown command "sing"; did you mean "sign"?'],
    [['sing', '--help'], 'unknown command "sing"'],
    [['help', 'sing'], 'unknown command "sing"'],
    [['--bogus'], 'unknown option --bogus'],
    [['keys'], 'a command is required after "keys"'],
    [['keys', 'sign'], 'unknown command "keys sign"'],
    [['keys', 'generate', '--force'], "Unknown option '--force'"],
    [['keys', 'generate', '--kms'], "Option '--kms <value>' argument missing"],
    [['keys', 'generate', 'k8s://a/b', '--kms', 'k8s://c/d'], 'expected one reference'],
    [['keys', 'generate', '--output-key-prefix', ''], '--output-key-prefix must not be empty'],
    [['keys', 'public'], 'expected one key'],
    [['keys', 'public', '--key', 'a', 'b'], 'expected one key'],
  ])('ends with 2 and the usage for %j', async (args, message) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`error: ${message}`);
    expect(stderr).toContain('Usage: signed-image ');
  });

  test('reports an internal error without its message', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const said: string[] = [];
    const terminal: Terminal = {
      isInteractive: false,
      print: () => {
        throw new TypeError('canary-of-a-defect');
      },
      printError: (line) => void said.push(line),
      promptSecret: () => Promise.reject(new Error('nobody is asked')),
      readInput: () => Promise.reject(new Error('nothing is piped in')),
    };
    const host = { ...processHost(), env: { KEY: pem } };
    const args = ['keys', 'public', '--key', 'env://KEY'];
    expect(await runCommandLine(args, { host, terminal })).toBe(1);
    expect(said).toEqual([
      'error[INTERNAL]: internal error of signed-image, please report it (TypeError)',
    ]);
  });
});

const main = join(__dirname, '../../dist/cli/main.js');

test('a full disk is reported in one line, and ends with 1', () => {
  const full = openSync('/dev/full', 'w');
  const stdio = ['ignore', full, 'pipe'] as const;
  const { status, stderr } = spawnSync(process.execPath, [main, '--help'], {
    stdio: [...stdio],
    encoding: 'utf8',
  });
  closeSync(full);
  expect(stderr).toBe('error: standard output cannot be written (ENOSPC)\n');
  expect(status).toBe(1);
});

test('a result of an audit that cannot be written is not a finding', () => {
  const full = openSync('/dev/full', 'w');
  const { status } = spawnSync(process.execPath, [main, 'audit', 'log', '--help'], {
    stdio: ['ignore', full, 'ignore'],
  });
  closeSync(full);
  expect(status).toBe(3);
});

test('a reader that closes the pipe ends the program without a message', async () => {
  const child = spawn(process.execPath, [main, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  const stderr = text(child.stderr);
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(1);
  expect(await stderr).toBe('');
});

test('the package has a program of its own name, for npx', async () => {
  const file = await readFile(join(__dirname, '../../package.json'), 'utf8');
  const { name, bin } = JSON.parse(file) as { name: string; bin: Record<string, string> };
  expect(bin[name]).toBe('dist/cli/main.js');
  expect(bin['signed-image']).toBe(bin[name]);
});

test('the list of commands loads none of the modules behind them', () => {
  const program = `require(${JSON.stringify(main.replace('main.js', 'commands.js'))});
    console.log(Object.keys(require.cache).join('\\n'))`;
  const loaded = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' }).stdout;
  const own = loaded.split('\n').filter((path) => path !== '');
  expect(own).toContain(main.replace('main.js', 'audit-cluster.js'));
  expect(own.filter((path) => !/[\\/]dist[\\/](?:cli|error|host)[\\/]/.test(path))).toEqual([]);
});

test('the program of the package answers', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [main, '--help']);
  expect(stdout).toContain('keys generate');
});
