import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import type { ConfigValue } from '../types';
import { isProviderType, parseUrn, typeOf } from '../urn';
import type {
  EngineUnderTest,
  RunOutcome,
  StepOutcome,
  UnderTestOptions,
  ViolationOutcome,
} from './engine-under-test';
import { uniqueStack } from './local';
import { writeRecordingPlugins } from './recording-plugin';
import { recordForSecretSearch } from './secret-search';

let found: boolean | undefined;

/** Whether `pulumi` is on the PATH and starts. */
export const hasRealCli = (): boolean =>
  (found ??=
    spawnSync('pulumi', ['version'], {
      env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: '1' },
    }).status === 0);

interface CliEvent {
  readonly resOutputsEvent?: { readonly metadata: { op: string; type: string; urn: string } };
  readonly summaryEvent?: { readonly resourceChanges?: Readonly<Record<string, number>> };
  readonly policyEvent?: {
    readonly resourceUrn?: string;
    readonly message: string;
    readonly policyName: string;
    readonly enforcementLevel: string;
  };
  readonly diagnosticEvent?: {
    readonly severity: string;
    readonly message: string;
    readonly ephemeral?: boolean;
  };
}

const readEvents = async (path: string): Promise<readonly CliEvent[]> => {
  const text = await readFile(path, 'utf8').catch(() => '');
  await rm(path, { force: true });
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as CliEvent);
};

const stepsOf = (events: readonly CliEvent[]): readonly StepOutcome[] =>
  events.flatMap(({ resOutputsEvent: event }) =>
    event === undefined || isProviderType(event.metadata.type)
      ? []
      : [
          {
            op: event.metadata.op,
            type: event.metadata.type,
            name: parseUrn(event.metadata.urn).name,
          },
        ],
  );

const violationsOf = (events: readonly CliEvent[]): readonly ViolationOutcome[] =>
  events.flatMap(({ policyEvent: event }) => {
    if (event === undefined) return [];
    const { resourceUrn: urn = '', policyName: policy, enforcementLevel: level } = event;
    const { message } = event;
    return [{ policy, level, type: typeOf(urn), name: parseUrn(urn).name, message }];
  });

class RealCli implements EngineUnderTest {
  readonly engine = 'real';
  readonly stack: string;
  readonly #options: UnderTestOptions;
  #output = '';
  #ready: Promise<unknown> | undefined;

  constructor(options: UnderTestOptions) {
    this.#options = options;
    this.stack = options.stack ?? uniqueStack();
  }

  preview = (flags: readonly string[] = []): Promise<RunOutcome> =>
    this.#operate(['preview', ...flags, ...this.#policyFlags()]);
  up = (flags: readonly string[] = []): Promise<RunOutcome> =>
    this.#operate(['up', '--yes', '--skip-preview', ...flags, ...this.#policyFlags()]);
  refresh = (): Promise<RunOutcome> => this.#operate(['refresh', '--yes', '--skip-preview']);
  destroy = (): Promise<RunOutcome> => this.#operate(['destroy', '--yes', '--skip-preview']);
  logs = (): string => this.#output;

  async setConfig(key: string, value: ConfigValue): Promise<void> {
    const isSecret = typeof value !== 'string';
    const text = isSecret ? value.secret : value;
    await this.#inStack(['config', 'set', isSecret ? '--secret' : '--plaintext', key, text]);
  }

  async outputs(): Promise<Readonly<Record<string, unknown>>> {
    const { stdout } = await this.#inStack(['stack', 'output', '--json']);
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  async exportState(): Promise<string> {
    return (await this.#inStack(['stack', 'export'])).stdout;
  }

  async importState(text: string): Promise<void> {
    const file = join(this.#options.dir, `${this.stack}.state.json`);
    await writeFile(file, text);
    const { code } = await this.#inStack(['stack', 'import', '--file', file]);
    if (code !== 0) throw new Error(`pulumi stack import ended with ${code}: ${this.#output}`);
  }

  async dispose(): Promise<void> {
    await this.#inStack(['stack', 'rm', '--yes', '--force']);
    await rm(join(this.#options.projectDir, `Pulumi.${this.stack}.yaml`), { force: true });
  }

  #policyFlags(): readonly string[] {
    const { policyPack } = this.#options;
    if (policyPack === undefined) return [];
    const { folder, config } = policyPack;
    return [
      ...['--policy-pack', folder],
      ...(config === undefined ? [] : ['--policy-pack-config', config]),
    ];
  }

  async #operate(verb: readonly string[]): Promise<RunOutcome> {
    const log = join(this.#options.dir, `${this.stack}.events`);
    const { code, stdout } = await this.#inStack([...verb, '--event-log', log]);
    const events = await readEvents(log);
    this.#output += stdout;
    recordForSecretSearch(stdout, JSON.stringify(events), await this.exportState());
    const summary = events.findLast((event) => event.summaryEvent !== undefined)?.summaryEvent;
    return {
      ok: code === 0,
      summary: summary?.resourceChanges ?? {},
      steps: stepsOf(events),
      errors: events
        .filter((event) => event.diagnosticEvent?.severity === 'error')
        .map((event) => event.diagnosticEvent?.message ?? ''),
      diagnostics: events.flatMap(({ diagnosticEvent: event }) =>
        event === undefined || event.ephemeral === true || event.severity === 'debug'
          ? []
          : [event.message],
      ),
      violations: violationsOf(events),
      logs: stdout,
    };
  }

  async #inStack(args: readonly string[]) {
    this.#ready ??= this.#pulumi(['stack', 'init', this.stack]);
    await this.#ready;
    return this.#pulumi([...args, '--stack', this.stack]);
  }

  async #pulumi(args: readonly string[]): Promise<{ code: number; stdout: string }> {
    const { projectDir, dir, passphrase = 'a passphrase for tests', env, recorded } = this.#options;
    const plugins = writeRecordingPlugins(recorded ?? [], join(dir, 'plugins'));
    const backend = join(dir, 'backend');
    mkdirSync(backend, { recursive: true });
    const child = spawn('pulumi', [...args, '--non-interactive', '--color', 'never'], {
      cwd: projectDir,
      env: {
        ...process.env,
        ...env,
        // The CLI starts the first node on the PATH, which may be an older one.
        PATH: [plugins, dirname(process.execPath), env?.['PATH'] ?? process.env['PATH'] ?? ''].join(
          delimiter,
        ),
        PULUMI_HOME: join(dir, 'home'),
        PULUMI_BACKEND_URL: `file://${backend}`,
        PULUMI_CONFIG_PASSPHRASE: passphrase,
        PULUMI_SKIP_UPDATE_CHECK: '1',
        // Enables the hidden flag --event-log.
        PULUMI_DEBUG_COMMANDS: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status) => resolve(status ?? -1));
    });
    return { code, stdout };
  }
}

/** The real `pulumi` with a file backend in the given folder. */
export const realCli = (options: UnderTestOptions): EngineUnderTest => new RealCli(options);
