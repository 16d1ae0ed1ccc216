import { existsSync, readFileSync } from 'node:fs';

import { podmanBuilder } from '../../src/build';
import { LastLines, LineSplitter } from '../../src/build/lines';
import { runCommand } from '../../src/build/process';
import { redaction, redactionFor } from '../../src/build/redaction';
import { FakeTools } from './fake-tools';
import { Context } from './requests';

describe('running a command', () => {
  const sh = (script: string) => ({ program: 'sh', args: ['-c', script], env: process.env });

  test('both outputs come line by line, and their last lines are kept', async () => {
    const lines: string[] = [];
    const finished = await runCommand({
      ...sh('seq 1 25; echo on-stderr >&2; printf no-newline; exit 4'),
      onLine: (line) => lines.push(line),
    });
    expect(finished?.code).toBe(4);
    expect(finished?.stdout).toHaveLength(26);
    expect(lines).toHaveLength(27);
    expect(finished?.tail).toHaveLength(20);
    expect([...(finished?.tail ?? [])].sort()).toContain('no-newline');
  });

  test('a program that prints without end takes no memory without end', async () => {
    const before = process.memoryUsage().rss;
    const finished = await runCommand(
      sh('head -c 300000000 /dev/zero; echo; yes | head -c 4000000'),
    );
    expect(finished?.code).toBe(0);
    expect(finished?.stdout.at(-1)).toBe('y');
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
  }, 60_000);

  test('a missing program is not an exception', async () => {
    expect(await runCommand({ program: 'no-such-program', args: [], env: {} })).toBeUndefined();
  });

  test('a failed start is reported without arguments and variables', async () => {
    const env = { PATH: process.env['PATH'], SECRET: 'with-a-nul\u0000byte' };
    const error = await runCommand({ program: 'sh', args: [], env }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'BUILD_FAILED' });
    expect(error).not.toHaveProperty('cause');
    expect(String(error)).not.toContain('with-a-nul');
  });

  test('a value that is too big for the system is reported with what to do', async () => {
    const env = { PATH: process.env['PATH'], VALUE: 'x'.repeat(200_000) };
    await expect(runCommand({ program: 'sh', args: [], env })).rejects.toThrow(
      /could not be started \(E2BIG\): .*128 KiB per value/,
    );
  });

  test('lines and the quoted end are plain text, without control sequences', async () => {
    const lines: string[] = [];
    const finished = await runCommand({
      ...sh(
        String.raw`printf '\033[1;31mred\033[0m\033]0;title\007 \033[2J\033(Bx\b\ty\n\033]8;;http://a\033\\link\033]8;;\033\\\n\033]0;open'`,
      ),
      onLine: (line) => lines.push(line),
    });
    expect(lines).toEqual(['red x\ty', 'link', '0;open']);
    expect(finished?.tail).toEqual(lines);
  });

  test('one that was called off before is not started', async () => {
    const signal = AbortSignal.abort();
    expect(await runCommand({ ...sh('echo started'), signal })).toEqual({
      code: undefined,
      stdout: [],
      tail: [],
    });
  });

  test('calling it off ends the whole group', async () => {
    const controller = new AbortController();
    const seen: string[] = [];
    const finished = await runCommand({
      // The grandchild would hold the output open, and so the end back, for as long as it lives.
      ...sh('sh -c "echo up; sleep 600" & wait'),
      signal: controller.signal,
      onLine: (line) => {
        seen.push(line);
        controller.abort();
      },
    });
    expect(seen).toEqual(['up']);
    expect(finished?.code).not.toBe(0);
  });
});

describe('a build that is called off', () => {
  test('terminates its process, reports it and removes the temporary folder', async () => {
    const tools = new FakeTools();
    const context = new Context();
    // Prints its pid, and then runs until it is terminated.
    tools.add(
      'podman',
      `if (argv.includes('build') && !argv.includes('--help')) { console.log('pid ' + process.pid + ' ' + flag('--iidfile')); setInterval(() => {}, 1000); }`,
    );
    const controller = new AbortController();
    let first = '';
    const building = podmanBuilder({ env: tools.env }).build(
      context.request('r.example/app'),
      (line) => {
        first = line;
        controller.abort();
      },
      { signal: controller.signal },
    );
    await expect(building).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      message: '`podman build` was stopped',
    });
    const [, pid, idFile = ''] = first.split(' ');
    expect(isRunning(Number(pid))).toBe(false);
    expect(existsSync(idFile.replace(/\/[^/]*$/, ''))).toBe(false);
    tools.remove();
    context.remove();
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie still exists; it does not have a command line any more.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}

describe('lines', () => {
  const split = (...chunks: readonly (string | Buffer)[]): readonly string[] => {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    for (const chunk of chunks) splitter.write(Buffer.from(chunk as string));
    splitter.end();
    return lines;
  };

  test('are cut wherever the chunks are', () => {
    expect(split('a\nb', 'c\r', '\nd\re', '')).toEqual(['a', 'bc', 'd', 'e']);
    expect(split('a\n\nb\n')).toEqual(['a', '', 'b']);
  });

  test('a character that two chunks share stays one', () => {
    const euro = Buffer.from('€');
    expect(split(euro.subarray(0, 1), euro.subarray(1))).toEqual(['€']);
  });

  test('a carriage return at the very end ends the line', () => {
    expect(split('a\r')).toEqual(['a']);
    expect(split('a\r', '\n', 'b\r', 'c')).toEqual(['a', 'b', 'c']);
    expect(split('\r', '\r')).toEqual(['', '']);
  });

  test('one without end is neither kept nor shown in part, and what follows is', () => {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    const before = process.memoryUsage().rss;
    // More than the longest string that there is.
    for (let count = 0; count < 600; count += 1) splitter.write(chunk);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
    splitter.write(Buffer.from('\nnext\n'));
    splitter.end();
    expect(lines).toEqual([expect.stringMatching(/^\(a line of more than/), 'next']);
  });

  test('of many only the last are kept', () => {
    const kept = new LastLines();
    for (let count = 0; count < 1_000_000; count += 1) kept.push(`line ${count}`);
    expect(kept.all.at(-1)).toBe('line 999999');
    expect(kept.all.length).toBeGreaterThan(50_000);
    expect(kept.all.length).toBeLessThanOrEqual(200_000);
    const long = new LastLines();
    const line = 'y'.repeat(1024 * 1024);
    for (let count = 0; count < 100; count += 1) long.push(line);
    expect(long.all.length).toBeLessThanOrEqual(17);
  });
});

describe('redaction', () => {
  test('hides whole values, the lines of long ones, and the longer of two that overlap', () => {
    const redact = redaction(['abc', 'abcdef', 'line one\nx\nline two\n', '', '  ']);
    expect(redact('abcdef abc')).toBe('*** ***');
    expect(redact('>line one< >line two< x')).toBe('>***< >***< x');
    expect(redact('nothing')).toBe('nothing');
  });

  test('hides the credentials in the variables of the builder, and not the others', () => {
    const context = new Context();
    const redact = redactionFor(context.request('r.example/app'), {
      CORPORATE_TOKEN: 'canary-corporate',
      AWS_SECRET_ACCESS_KEY: 'canary-of-s3',
      HTTPS_PROXY: 'http://user:canary%40proxy@proxy.example:3128',
      SSH_AUTH_SOCK: '/run/agent',
      AWS_REGION: 'eu-west-1',
      FLAG_TOKEN: 'true',
    });
    context.remove();
    expect(redact('canary-corporate canary-of-s3')).toBe('*** ***');
    expect(redact('http://user:canary%40proxy@proxy.example canary@proxy')).not.toContain('canary');
    expect(redact('/run/agent eu-west-1 true')).toBe('/run/agent eu-west-1 true');
  });
});
