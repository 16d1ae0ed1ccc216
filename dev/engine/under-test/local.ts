import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { displayTo } from '../display';
import { createEngine } from '../engine';
import type { ConfigValue, Engine, LogEntry, RunResult } from '../types';
import { isProviderType, parseUrn, typeOf } from '../urn';
import type { EngineUnderTest, RunOutcome, UnderTestOptions } from './engine-under-test';
import { recordForSecretSearch } from './secret-search';

export const uniqueStack = (): string => `t-${randomBytes(4).toString('hex')}`;

const outcome = (result: RunResult, logs: string): RunOutcome => ({
  ok: result.ok,
  summary: { ...result.summary },
  steps: result.events
    .filter(({ type }) => !isProviderType(type))
    .map(({ op, type, urn }) => ({ op, type, name: parseUrn(urn).name })),
  errors: result.diagnostics.filter((one) => one.severity === 'error').map((one) => one.message),
  diagnostics: result.diagnostics.map(({ message }) => message),
  violations: result.violations.map(({ policy, level, message, urn }) => ({
    policy,
    level,
    type: typeOf(urn),
    name: parseUrn(urn).name,
    message,
  })),
  logs,
});

class LocalUnderTest implements EngineUnderTest {
  readonly engine = 'local';
  readonly stack: string;
  readonly #options: UnderTestOptions;
  readonly #config: Record<string, ConfigValue> = {};
  readonly #lines: string[] = [];

  constructor(options: UnderTestOptions) {
    this.#options = options;
    this.stack = options.stack ?? uniqueStack();
  }

  preview = (flags: readonly string[] = []): Promise<RunOutcome> =>
    this.#run((engine) => engine.preview(), flags);
  up = (flags: readonly string[] = []): Promise<RunOutcome> =>
    this.#run((engine) => engine.up(), flags);
  refresh = (): Promise<RunOutcome> => this.#run((engine) => engine.refresh());
  destroy = (): Promise<RunOutcome> => this.#run((engine) => engine.destroy());
  outputs = (): Promise<Readonly<Record<string, unknown>>> => this.#create().outputs();
  logs = (): string => this.#lines.join('\n');
  dispose = (): Promise<void> => Promise.resolve();

  async setConfig(key: string, value: ConfigValue): Promise<void> {
    this.#config[key] = value;
  }

  async exportState(): Promise<string> {
    const { stateFile } = this.#create();
    return existsSync(stateFile) ? readFile(stateFile, 'utf8') : '';
  }

  async importState(text: string): Promise<void> {
    await writeFile(this.#create().stateFile, text);
  }

  #create(): Engine {
    const {
      projectDir,
      dir,
      passphrase = 'a passphrase for tests',
      env,
      schemas,
      policyPack,
    } = this.#options;
    const display = displayTo((line) => this.#lines.push(line));
    const log = (entry: LogEntry): void => {
      // A plugin's output is not displayed, but tests search it for secrets.
      if (entry.kind === 'output' && entry.source === 'plugin') this.#lines.push(entry.line);
      display(entry);
    };
    return createEngine({
      projectDir,
      stack: this.stack,
      stateFile: join(dir, `${this.stack}.json`),
      passphrase,
      config: this.#config,
      ...(env !== undefined && { env }),
      ...(schemas !== undefined && { schemas }),
      ...(policyPack !== undefined && { policyPacks: [policyPack] }),
      log,
    });
  }

  async #run(
    verb: (engine: Engine) => Promise<RunResult>,
    flags: readonly string[] = [],
  ): Promise<RunOutcome> {
    if (flags.length > 0) throw new Error(`the local engine does not have ${flags.join(' ')}`);
    const before = this.#lines.length;
    const result = await verb(this.#create());
    const run = outcome(result, this.#lines.slice(before).join('\n'));
    recordForSecretSearch(
      run.logs,
      ...run.errors,
      JSON.stringify(result.outputs),
      await this.exportState(),
    );
    return run;
  }
}

export const localEngine = (options: UnderTestOptions): EngineUnderTest =>
  new LocalUnderTest(options);
