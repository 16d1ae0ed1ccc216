import { spawn } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import {
  type ConfigValue,
  type Deployer,
  type Deployment,
  PROGRAM_ENVIRONMENT,
  type Stack,
  type StateResource,
} from './deployer';

/** How the CLI is started: `pulumi`, or the npm downloader of that name. */
export interface PulumiCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly why: string;
}

interface Finished {
  readonly ok: boolean;
  readonly stdout: string;
  readonly all: string;
}

/** The Pulumi CLI with its state in the demo's folder. */
export class PulumiDeployer implements Deployer {
  readonly title: string;
  readonly #cli: PulumiCommand;
  readonly #examples: string;
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #known = new Map<string, Stack>();

  constructor(cli: PulumiCommand, examples: string, folder: string, passphrase: string) {
    this.title = `the Pulumi CLI: ${cli.why}`;
    this.#cli = cli;
    this.#examples = examples;
    this.#folder = folder;
    this.#env = {
      ...process.env,
      ...PROGRAM_ENVIRONMENT,
      PULUMI_BACKEND_URL: `file://${join(folder, 'state')}`,
      PULUMI_CONFIG_PASSPHRASE: passphrase,
      PULUMI_SKIP_UPDATE_CHECK: 'true',
    };
  }

  async preview(stack: Stack): Promise<Deployment> {
    await this.#prepare(stack);
    return this.#deploy(stack, ['preview']);
  }

  async up(stack: Stack): Promise<Deployment> {
    await this.#prepare(stack);
    return this.#deploy(stack, ['up', '--yes', '--skip-preview']);
  }

  async resources(stack: Stack): Promise<readonly StateResource[]> {
    const { stdout } = await this.#pulumi(stack, ['stack', 'export'], { quiet: true });
    const { deployment } = JSON.parse(stdout) as {
      readonly deployment: { readonly resources?: readonly Partial<StateResource>[] };
    };
    return (deployment.resources ?? []).map(({ type = '', inputs = {} }) => ({ type, inputs }));
  }

  async close(): Promise<void> {
    for (const stack of this.#known.values()) await rm(this.#configFile(stack), { force: true });
  }

  async #prepare(stack: Stack): Promise<void> {
    const key = `${stack.example}/${stack.name}`;
    if (!this.#known.has(key)) {
      await mkdir(join(this.#folder, 'state'), { recursive: true });
      this.#known.set(key, stack);
      // The config of a demo that was killed is encrypted with a passphrase that no longer exists.
      await rm(this.#configFile(stack), { force: true });
      await this.#must(stack, ['stack', 'init', stack.name], { bare: true });
      // Without a cluster the Kubernetes provider writes manifests.
      const rendered = join(this.#folder, 'manifests', stack.example);
      await this.#configure(stack, 'renderYamlToDirectory', rendered);
    }
    for (const [name, value] of Object.entries(stack.config)) {
      await this.#configure(stack, name, value);
    }
  }

  #configFile({ example, name }: Stack): string {
    return join(this.#examples, example, `Pulumi.${name}.yaml`);
  }

  #configure(stack: Stack, name: string, value: ConfigValue): Promise<void> {
    const [flag, text] =
      typeof value === 'string' ? ['--plaintext', value] : ['--secret', value.secret];
    // By standard input: all users of the machine can read command lines.
    return this.#must(stack, ['config', 'set', flag, name], { input: text });
  }

  async #deploy(stack: Stack, args: readonly string[]): Promise<Deployment> {
    const { ok, all } = await this.#pulumi(stack, [...args, '--non-interactive']);
    const shown = await this.#pulumi(stack, ['stack', 'output', '--json'], { quiet: true });
    const outputs = shown.ok ? (JSON.parse(shown.stdout) as Record<string, unknown>) : {};
    return { ok, outputs, messages: all };
  }

  async #must(
    stack: Stack,
    args: readonly string[],
    options: { readonly input?: string; readonly bare?: boolean },
  ): Promise<void> {
    const { ok, all } = await this.#pulumi(stack, args, { ...options, quiet: true });
    if (!ok) throw new Error(`pulumi ${args.join(' ')} failed:\n${all}`);
  }

  #pulumi(
    { example, name }: Stack,
    args: readonly string[],
    {
      quiet = false,
      bare = false,
      input,
    }: { readonly quiet?: boolean; readonly bare?: boolean; readonly input?: string } = {},
  ): Promise<Finished> {
    const stack = bare ? [] : ['--stack', name];
    const cwd = join(this.#examples, example);
    const child = spawn(this.#cli.command, [...this.#cli.args, ...args, ...stack], {
      cwd,
      env: this.#env,
    });
    const out: string[] = [];
    const all: string[] = [];
    child.stdin.end(input ?? '');
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out.push(text);
      all.push(text);
      if (!quiet) process.stdout.write(text);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      all.push(text);
      if (!quiet) process.stderr.write(text);
    });
    return new Promise((settle, fail) => {
      child.once('error', fail);
      child.once('close', (code) =>
        settle({ ok: code === 0, stdout: out.join(''), all: all.join('') }),
      );
    });
  }
}
