import { join, resolve } from 'node:path';
import { Deployment, type Verb } from './deploy/deployment';
import { Reporter } from './deploy/reporter';
import { killChildren } from './process/child';
import { readProject, type Project } from './project/project';
import { readConfig } from './project/stack-config';
import { StateFile } from './state/file';
import { lockState } from './state/lock';
import type { ResourceRecord } from './state/record';
import type { Engine, EngineOptions, RunResult } from './types';
import { STACK_TYPE } from './urn';
import type { Wire, WireObject } from './wire/signature';
import { mask, reveal } from './wire/value';

const DEFAULT_PARALLEL = 16;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** Exit code of a process that a SIGINT ended. */
const INTERRUPTED = 130;

/** @throws Error if `PULUMI_CONFIG_PASSPHRASE` is not set; it may be empty */
export const passphraseFrom = (env: Readonly<Record<string, string | undefined>>): string => {
  const passphrase = env['PULUMI_CONFIG_PASSPHRASE'];
  if (passphrase === undefined) {
    throw new Error('set PULUMI_CONFIG_PASSPHRASE: it encrypts the secrets of the state');
  }
  return passphrase;
};

const statePath = (options: EngineOptions, project: Project): string => {
  if (options.stateFile !== undefined) {
    if (options.backendDir !== undefined) throw new Error('set stateFile or backendDir, not both');
    return resolve(options.stateFile);
  }
  const folder = options.backendDir ?? join(project.dir, '.pulumi-local');
  return resolve(folder, project.name, `${options.stack}.json`);
};

const stackOutputs = (
  records: readonly ResourceRecord[],
  showSecrets: boolean,
): Readonly<Record<string, Wire>> => {
  const outputs = records.find((record) => record.type === STACK_TYPE)?.outputs ?? {};
  return (showSecrets ? reveal(outputs) : mask(outputs)) as WireObject;
};

class LocalEngine implements Engine {
  readonly stateFile: string;
  readonly #options: EngineOptions;
  readonly #project: Project;
  readonly #passphrase: string;
  #deployment: Deployment | undefined;
  #interrupted = false;

  constructor(options: EngineOptions, project: Project) {
    this.#options = options;
    this.#project = project;
    this.#passphrase = options.passphrase ?? passphraseFrom({ ...process.env, ...options.env });
    this.stateFile = statePath(options, project);
  }

  preview = (): Promise<RunResult> => this.#execute('preview');
  up = (): Promise<RunResult> => this.#execute('up');
  refresh = (): Promise<RunResult> => this.#execute('refresh');
  destroy = (): Promise<RunResult> => this.#execute('destroy');

  async outputs(): Promise<Readonly<Record<string, Wire>>> {
    const { initial } = await this.#openState();
    return stackOutputs(initial, this.#options.showSecrets === true);
  }

  cancel(): void {
    if (this.#interrupted) killChildren();
    this.#interrupted = true;
    this.#deployment?.cancel();
  }

  #openState(): Promise<StateFile> {
    const { name } = this.#project;
    return StateFile.open(
      this.stateFile,
      { project: name, stack: this.#options.stack },
      this.#passphrase,
    );
  }

  async #execute(verb: Verb): Promise<RunResult> {
    if (this.#deployment !== undefined) throw new Error('this engine runs already');
    this.#interrupted = false;
    const unlock = await lockState(this.stateFile);
    const release = this.#onSignals();
    try {
      return await this.#deploy(verb);
    } finally {
      this.#deployment = undefined;
      release();
      await unlock();
    }
  }

  async #deploy(verb: Verb): Promise<RunResult> {
    const {
      stack,
      config: given,
      env,
      schemas,
      log,
      parallel,
      policyPacks,
      showSecrets,
      inline,
    } = this.#options;
    const state = await this.#openState();
    const config = await readConfig(this.#project, stack, this.#passphrase, given);
    const secrets = config.secretKeys.map((key) => config.values[key] ?? '');
    const reporter = new Reporter(log ?? (() => undefined), secrets);
    this.#deployment = new Deployment({
      project: this.#project,
      stack,
      config,
      env: { ...process.env, ...env },
      schemas: schemas ?? {},
      parallel: parallel ?? DEFAULT_PARALLEL,
      ...(inline && { inline }),
      policyPacks: policyPacks ?? [],
      reporter,
      records: state.initial,
      save: (current) => state.save(current),
    });
    const run = await this.#deployment.execute(verb);
    const outputs = stackOutputs(run.snapshot.records(), showSecrets === true);
    reporter.outputs(outputs);
    return {
      ok: !run.failed && !run.gate.stopped,
      summary: reporter.summary(),
      outputs,
      events: reporter.events,
      diagnostics: reporter.diagnostics,
      violations: reporter.violations,
    };
  }

  /** After the first signal steps in progress finish; the second ends all children at once. No child outlives the engine. */
  #onSignals(): () => void {
    if (this.#options.handleSignals === false) return () => undefined;
    const onSignal = (): void => {
      if (this.#interrupted) {
        killChildren();
        process.exit(INTERRUPTED);
      }
      this.cancel();
    };
    for (const name of SIGNALS) process.on(name, onSignal);
    return () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    };
  }
}

/**
 * An engine for one stack of one local project.
 * @throws Error if `Pulumi.yaml` is missing or invalid, or the passphrase is missing
 */
export const createEngine = (options: EngineOptions): Engine =>
  new LocalEngine(options, readProject(resolve(options.projectDir)));
