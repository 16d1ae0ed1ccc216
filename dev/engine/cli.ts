import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseCli, USAGE, type CliArgs } from './cli-args';
import { closingLines, displayTo } from './display';
import { createEngine, passphraseFrom } from './engine';
import { readProject } from './project/project';
import { writeConfig } from './project/stack-config';
import type { Engine, EngineOptions } from './types';

export interface CliIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

/** Only file backends are supported; without one the state is in the project's folder. */
const backendDir = (env: CliIo['env']): string | undefined => {
  const url = env['PULUMI_BACKEND_URL'];
  if (url === undefined || url === '') return undefined;
  if (!url.startsWith('file://')) throw new Error('PULUMI_BACKEND_URL must be a file:// URL');
  return fileURLToPath(url);
};

const engineFor = (args: CliArgs, io: CliIo, extra: Partial<EngineOptions> = {}): Engine => {
  const backend = backendDir(io.env);
  return createEngine({
    projectDir: args.cwd,
    stack: args.stack,
    showSecrets: args.showSecrets,
    policyPacks: args.policyPacks,
    env: io.env,
    ...(backend !== undefined && { backendDir: backend }),
    ...(args.parallel !== undefined && { parallel: args.parallel }),
    ...extra,
  });
};

const printOutputs = async (
  args: CliArgs,
  io: CliIo,
  name: string | undefined,
): Promise<number> => {
  const outputs = await engineFor(args, io).outputs();
  if (name === undefined) {
    if (args.json) io.out(JSON.stringify(outputs, null, 2));
    else for (const [key, value] of Object.entries(outputs)) io.out(`${key}  ${text(value)}`);
    return 0;
  }
  if (!Object.hasOwn(outputs, name)) throw new Error(`the stack does not have an output ${name}`);
  io.out(args.json ? JSON.stringify(outputs[name]) : text(outputs[name]));
  return 0;
};

const text = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

const runVerb = async (
  args: CliArgs,
  io: CliIo,
  verb: 'preview' | 'up' | 'refresh' | 'destroy',
): Promise<number> => {
  const preview = verb === 'preview';
  const display = displayTo(args.json ? io.err : io.out, preview);
  const engine = engineFor(args, io, { log: display });
  const result = await engine[verb]();
  if (args.json) io.out(JSON.stringify(result, null, 2));
  else for (const line of closingLines(result, preview)) io.out(line);
  return result.ok ? 0 : 1;
};

/** Runs one command line; resolves to the exit code. */
export const runCli = async (argv: readonly string[], io: CliIo): Promise<number> => {
  if (argv.length === 0 || argv.includes('--help') || argv.includes('-h')) {
    io.out(USAGE);
    return 0;
  }
  try {
    const args = parseCli(argv, io.env);
    const { command } = args;
    if (command.verb === 'output') return await printOutputs(args, io, command.name);
    if (command.verb === 'export') {
      const { stateFile } = engineFor(args, io);
      if (!existsSync(stateFile)) throw new Error(`there is no stack ${args.stack} yet`);
      io.out(await readFile(stateFile, 'utf8'));
      return 0;
    }
    if (command.verb === 'set-config') {
      const value = command.secret ? { secret: command.value } : command.value;
      const passphrase = command.secret ? passphraseFrom(io.env) : '';
      await writeConfig(readProject(args.cwd), args.stack, passphrase, command.key, value);
      return 0;
    }
    return await runVerb(args, io, command.verb);
  } catch (error) {
    io.err(`error: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
};

if (require.main === module) {
  const io = { env: process.env, out: console.log, err: console.error };
  void runCli(process.argv.slice(2), io).then((code) => {
    process.exitCode = code;
  });
}
