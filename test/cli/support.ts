import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PassThrough } from 'node:stream';

import Ajv2020 from 'ajv/dist/2020';

import { runCommandLine } from '../../src/cli/command-line';
import type { TerminalStreams } from '../../src/cli/terminal';
import { processTerminal } from '../../src/cli/terminal';
import { processHost, type SigningHost } from '../../src/sign';

export interface CommandRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Input at a terminal, one line per prompt. Default: no terminal. */
  readonly typed?: readonly string[];
  /** What is piped in. Default: nothing. */
  readonly piped?: string;
  readonly host?: Partial<SigningHost>;
}

/** Runs a command line in this process, with separate streams. */
export async function run(
  args: readonly string[],
  { env = {}, typed, piped, host = {} }: CommandOptions = {},
): Promise<CommandRun> {
  const stdin = Object.assign(new PassThrough(), { isTTY: typed !== undefined });
  if (piped !== undefined) stdin.end(piped);
  const stdout = new PassThrough();
  const stderr = Object.assign(new PassThrough(), { isTTY: typed !== undefined });
  const said = { stdout: '', stderr: '' };
  stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  const answers = [...(typed ?? [])];
  stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
    // A question ends without a line break.
    if (/: $/.test(text)) stdin.write(answers.shift() ?? '\u0004');
  });
  const streams: TerminalStreams = { stdin, stdout, stderr };
  const code = await runCommandLine(args, {
    terminal: processTerminal(streams),
    host: { ...processHost(), env, ...host },
  });
  return { code, ...said };
}

const SCHEMAS = join(resolve(__dirname, '../..'), 'docs/reference/output');

/** What a schema says is wrong with a text; empty if nothing is. */
export function schemaFaults(name: string, text: string): readonly string[] {
  const schema = JSON.parse(readFileSync(join(SCHEMAS, `${name}.schema.json`), 'utf8')) as object;
  const ajv = new Ajv2020({ allErrors: true, strict: true });
  ajv.validate(schema, JSON.parse(text));
  return (ajv.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
