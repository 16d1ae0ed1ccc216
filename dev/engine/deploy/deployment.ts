import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from '../process/child';
import { type InlineProgram, startInlineProgram } from '../process/inline-program';
import { startProgram } from '../process/program';
import type { ProgramOptions } from '../process/program-options';
import { Policies } from '../policy/policies';
import type { Project } from '../project/project';
import type { Config } from '../project/stack-config';
import { ProviderRegistry } from '../provider/registry';
import { Callbacks } from '../rpc/callbacks';
import { RpcServer } from '../rpc/server';
import { messageOf, Stopped } from '../rpc/status';
import type { ResourceRecord } from '../state/record';
import type { PolicyPackOptions } from '../types';
import { Snapshot } from '../state/snapshot';
import { deleteAll, deleteLeftovers, unprotected } from './deletions';
import { Gate } from './gate';
import { Hooks } from './hooks';
import { refreshAll } from './refresh';
import type { Reporter } from './reporter';
import { reportError, type Run } from './run';
import { Transforms } from './transforms';

/** How long a program may continue after the run has stopped; the SDK normally ends at once. */
const PROGRAM_GRACE_MS = 5_000;
/** The SDK's exit code for "the error has been logged already". */
const LOGGED = 32;

export type Verb = 'preview' | 'up' | 'refresh' | 'destroy';

export interface DeploymentOptions {
  readonly project: Project;
  readonly stack: string;
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Files with the schemas of packages without a plugin. */
  readonly schemas: Readonly<Record<string, string>>;
  readonly parallel: number;
  /** An inline program. */
  readonly inline?: InlineProgram;
  readonly policyPacks: readonly PolicyPackOptions[];
  readonly reporter: Reporter;
  readonly records: readonly ResourceRecord[];
  readonly save: (current: () => readonly ResourceRecord[]) => Promise<void>;
}

/** One preview, up, refresh or destroy from the start of the server to the end of the last child. */
export class Deployment {
  readonly #options: DeploymentOptions;
  readonly #gate: Gate;
  readonly #callbacks = new Callbacks();
  #run: Run | undefined;
  #program: Child | undefined;
  #canceled = false;

  constructor(options: DeploymentOptions) {
    this.#options = options;
    this.#gate = new Gate(options.parallel);
  }

  /** Starts no new step; steps in progress finish and are recorded. */
  cancel(): void {
    if (this.#canceled) return;
    this.#canceled = true;
    if (this.#run !== undefined) {
      reportError(this.#run, 'the update was canceled');
      void this.#run.providers.cancel();
    }
    this.#gate.stop();
  }

  async execute(verb: Verb): Promise<Run> {
    const server = await RpcServer.listen();
    const run = this.#newRun(verb, server.address);
    this.#run = run;
    let finished: Promise<void> | undefined;
    const finish = (): Promise<void> =>
      (finished ??= this.#settled(run, async () => {
        run.gate.check();
        await deleteLeftovers(run);
        run.gate.check();
        await this.#checkStack(run);
      }));
    server.serve(run, finish);
    try {
      if (this.#canceled) reportError(run, 'the update was canceled');
      if (verb === 'refresh') await this.#settled(run, () => refreshAll(run));
      else if (verb === 'destroy') await this.#settled(run, () => destroyAll(run));
      else await this.#withPolicies(run, finish);
      await run.save();
    } finally {
      await this.#program?.stop();
      await run.providers.close();
      await run.policies.close();
      this.#callbacks.close();
      server.close();
    }
    return run;
  }

  #newRun(verb: Verb, address: string): Run {
    const { project, stack, config, env, parallel, policyPacks, reporter, records, save } =
      this.#options;
    const dryRun = verb === 'preview';
    const organization = 'organization';
    const context = {
      project: project.name,
      stack,
      organization,
      config,
      dryRun,
      parallel,
      address,
    };
    const snapshot = new Snapshot(records);
    return {
      context,
      snapshot,
      reporter,
      providers: new ProviderRegistry({
        project,
        context,
        reporter,
        env,
        schemas: this.#options.schemas,
        inputsOf: (urn) => snapshot.find(urn)?.inputs,
      }),
      gate: this.#gate,
      transforms: new Transforms(this.#callbacks),
      policies: new Policies({
        packs: policyPacks,
        projectDir: project.dir,
        context,
        reporter,
        env,
      }),
      hooks: new Hooks(this.#callbacks, reporter, dryRun),
      seen: new Set(),
      formerNames: new Map(),
      deletedEarly: new Map(),
      root: undefined,
      failed: false,
      save: () => (dryRun ? Promise.resolve() : save(() => snapshot.records())),
    };
  }

  async #withPolicies(run: Run, finish: () => Promise<void>): Promise<void> {
    await this.#settled(run, () => run.policies.start());
    if (!run.gate.stopped) await this.#runProgram(run, finish);
  }

  /** At this point all resources exist: a violation fails the run and reverts nothing. */
  async #checkStack(run: Run): Promise<void> {
    const refused = await run.policies.stack(run.snapshot.allReached(), run.root ?? '');
    if (refused) run.failed = true;
  }

  async #runProgram(run: Run, finish: () => Promise<void>): Promise<void> {
    const { project, stack, config, env, schemas, parallel, reporter, inline } = this.#options;
    const options: ProgramOptions = {
      project,
      stack,
      organization: run.context.organization,
      monitor: run.context.address,
      dryRun: run.context.dryRun,
      parallel,
      config: config.values,
      secretKeys: config.secretKeys,
      env,
      schemas,
      onLine: (line) => reporter.line('program', line),
    };
    this.#program =
      inline === undefined ? startProgram(options) : startInlineProgram(inline, options);
    const code = await this.#exitOf(run, this.#program);
    if (run.gate.stopped) return;
    if (code === 0) return finish();
    run.failed = true;
    if (code !== LOGGED) reportError(run, `the program ended with exit code ${code}`, run.root);
    run.gate.stop();
    await run.gate.idle();
  }

  /** After a stop, waits for steps in progress, and then for the program to end within its timeout. */
  async #exitOf(run: Run, program: Child): Promise<number> {
    const stopped = new Promise<void>((resolve) => {
      if (run.gate.stopped) resolve();
      else run.gate.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const overdue = async (): Promise<number> => {
      await stopped;
      await run.gate.idle();
      const grace = delay(PROGRAM_GRACE_MS, undefined, { ref: false });
      await Promise.race([grace, program.exited]);
      await program.stop();
      return program.exited;
    };
    return Promise.race([program.exited, overdue()]).then(async (code) => {
      if (run.gate.stopped) await run.gate.idle();
      return code;
    });
  }

  /** Errors of steps are reported by the step; only other errors are reported here. */
  async #settled(run: Run, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof Stopped) return;
      reportError(run, messageOf(error));
      run.gate.stop();
    }
  }
}

/** The program does not run, so its delete hooks cannot run: nothing is deleted, as in the real engine. */
const destroyAll = async (run: Run): Promise<void> => {
  const records = run.snapshot.records();
  for (const { urn, beforeDelete = [], afterDelete = [] } of records) {
    const names = [...beforeDelete, ...afterDelete];
    if (names.length === 0) continue;
    reportError(
      run,
      `the resource has delete hooks, and the program that registers them does not run: ${names.join(', ')}`,
      urn,
    );
    run.gate.stop();
  }
  if (!run.gate.stopped) await deleteAll(run, unprotected(run, records));
};
