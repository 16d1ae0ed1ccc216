import { createRequire } from 'node:module';
import { join } from 'node:path';
import { startNode, type Child } from './child';

export interface PluginOptions {
  readonly pkg: string;
  readonly folder: string;
  readonly engine: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onLine: (line: string) => void;
}

export interface Plugin {
  readonly child: Child;
  readonly address: string;
}

/**
 * Starts a Node plugin as the real engine does; its first line on stdout is its port.
 * @throws Error with what it printed when it ends before that
 */
export const startPlugin = async (options: PluginOptions): Promise<Plugin> => {
  const folder = createRequire(join(options.folder, 'plugin.js'));
  const runner = folder.resolve('@pulumi/pulumi/cmd/run-plugin');
  const early: string[] = [];
  let found: ((port: number) => void) | undefined;
  const port = new Promise<number>((resolve) => {
    found = resolve;
  });
  const child = startNode({
    args: [runner, options.folder, options.engine],
    cwd: options.cwd,
    env: { ...options.env, PULUMI_NODEJS_TYPESCRIPT: 'true' },
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
      const said = early.length === 0 ? '' : `:\n${early.join('\n')}`;
      throw new Error(`the plugin for package ${options.pkg} ended with code ${code}${said}`);
    }),
  ]);
  early.forEach(options.onLine);
  return { child, address: `127.0.0.1:${started}` };
};
