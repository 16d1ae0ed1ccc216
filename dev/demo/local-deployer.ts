import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createEngine, type Engine, type LogEntry } from '../engine';
import {
  type Deployer,
  type Deployment,
  PROGRAM_ENVIRONMENT,
  type Stack,
  type StateResource,
} from './deployer';
import { dim, red, print } from './terminal';

const SIGNS: Readonly<Record<string, string>> = {
  create: '+',
  update: '~',
  replace: '+-',
  delete: '-',
  read: '>',
};

/** The engine of dev/engine, for machines without the Pulumi CLI. */
export class LocalDeployer implements Deployer {
  readonly title: string;
  readonly #examples: string;
  readonly #state: string;
  readonly #passphrase: string;

  constructor(examples: string, folder: string, passphrase: string, why: string) {
    this.title = `the local engine (dev/engine): ${why}`;
    this.#examples = examples;
    this.#state = join(folder, 'state');
    this.#passphrase = passphrase;
  }

  async preview(stack: Stack): Promise<Deployment> {
    return this.#run(stack, (engine) => engine.preview());
  }

  async up(stack: Stack): Promise<Deployment> {
    return this.#run(stack, (engine) => engine.up());
  }

  async resources(stack: Stack): Promise<readonly StateResource[]> {
    const state = JSON.parse(await readFile(this.#stateFile(stack), 'utf8')) as {
      readonly resources: readonly StateResource[];
    };
    return state.resources;
  }

  async close(): Promise<void> {}

  async #run(
    stack: Stack,
    action: (engine: Engine) => ReturnType<Engine['up']>,
  ): Promise<Deployment> {
    const engine = createEngine({
      projectDir: join(this.#examples, stack.example),
      stack: stack.name,
      stateFile: this.#stateFile(stack),
      passphrase: this.#passphrase,
      config: stack.config,
      env: PROGRAM_ENVIRONMENT,
      log: show,
    });
    const { ok, outputs, diagnostics } = await action(engine);
    return { ok, outputs, messages: diagnostics.map(({ message }) => message).join('\n') };
  }

  #stateFile({ example, name }: Stack): string {
    return join(this.#state, `${example}-${name}.json`);
  }
}

const nameOf = (urn: string): string => urn.split('::').at(-1) ?? urn;

function show(entry: LogEntry): void {
  switch (entry.kind) {
    case 'step': {
      const { op, type, urn } = entry.event;
      const sign = SIGNS[op];
      if (entry.phase === 'done' && sign !== undefined) {
        print(`   ${sign.padEnd(2)} ${type} ${nameOf(urn)}`);
      }
      break;
    }
    case 'diagnostic': {
      const { severity, message } = entry.diagnostic;
      if (severity === 'error')
        print(`   ${red('error')} ${message.replaceAll('\n', '\n         ')}`);
      else if (severity !== 'debug') print(dim(`      ${message.trimEnd()}`));
      break;
    }
    case 'output':
      print(dim(`      ${entry.line}`));
      break;
    case 'outputs':
      break;
  }
}
