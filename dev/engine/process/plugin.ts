import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { startNode, type Child } from './child';

interface Surroundings {
  readonly folder: string;
  readonly engine: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onLine: (line: string) => void;
}

export interface PluginOptions extends Surroundings {
  readonly pkg: string;
  readonly cwd: string;
}

export interface Plugin {
  readonly child: Child;
  readonly address: string;
}

interface ServerOptions {
  /** For the error: "the plugin for package x". */
  readonly what: string;
  readonly program?: string | undefined;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onLine: (line: string) => void;
}

/** Starts a program that prints its port as the first line on stdout. */
export const startServer = async (options: ServerOptions): Promise<Plugin> => {
  const early: string[] = [];
  let found: ((port: number) => void) | undefined;
  const port = new Promise<number>((resolve) => {
    found = resolve;
  });
  const child = startNode({
    program: options.program,
    args: options.args,
    cwd: options.cwd,
    env: options.env,
    onLine: (line) => {
      if (found === undefined) return options.onLine(line);
      if (!/^\d+$/.test(line)) return void early.push(line);
      found(Number(line));
      found = undefined;
    },
  });
  const started = await Promise.race([
    port,
    child.exited.then((code) => {
      const output = early.length === 0 ? '' : `:\n${early.join('\n')}`;
      throw new Error(`${options.what} ended with code ${code}${output}`);
    }),
  ]);
  early.forEach(options.onLine);
  return { child, address: `127.0.0.1:${started}` };
};

const runnerOf = (folder: string, command: string): string =>
  createRequire(join(folder, 'plugin.js')).resolve(`@pulumi/pulumi/cmd/${command}`);

/** The plugin's own program, if its folder has one: the real engine starts it without a language runtime. */
const programOf = (folder: string, pkg: string): string | undefined =>
  (process.platform === 'win32' ? ['.exe', '.cmd'] : [''])
    .map((extension) => join(folder, `pulumi-resource-${pkg}${extension}`))
    .find((path) => existsSync(path));

/**
 * Starts a plugin as the real engine does; its first line on stdout is its port.
 * https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/plugin/plugin.go
 * @throws Error with its output if it ends before that
 */
export const startPlugin = ({ pkg, folder, engine, ...rest }: PluginOptions): Promise<Plugin> => {
  const program = programOf(folder, pkg);
  return startServer({
    ...rest,
    what: `the plugin for package ${pkg}`,
    ...(program === undefined
      ? {
          args: [runnerOf(folder, 'run-plugin'), folder, engine],
          env: { ...rest.env, PULUMI_NODEJS_TYPESCRIPT: 'true' },
        }
      : { program, args: [engine] }),
  });
};

export interface PolicyPackProcessOptions extends Surroundings {
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
  readonly dryRun: boolean;
}

/**
 * Starts a Node policy pack as the real engine does: in its own folder, with the stack in its
 * environment.
 * @throws Error with its output if it ends before it listens
 */
export const startPolicyPack = (options: PolicyPackProcessOptions): Promise<Plugin> =>
  startServer({
    what: `the policy pack in ${options.folder}`,
    args: [runnerOf(options.folder, 'run-policy-pack'), options.engine, '.'],
    cwd: options.folder,
    env: {
      ...options.env,
      PULUMI_NODEJS_ORGANIZATION: options.organization,
      PULUMI_NODEJS_PROJECT: options.project,
      PULUMI_NODEJS_STACK: options.stack,
      PULUMI_NODEJS_DRY_RUN: String(options.dryRun),
    },
    onLine: options.onLine,
  });
