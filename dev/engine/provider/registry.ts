import type { DeploymentContext } from '../deploy/context';
import { startPlugin } from '../process/plugin';
import type { Project } from '../project/project';
import type { Reporter } from '../deploy/reporter';
import type { Providers } from '../deploy/run';
import type { Provider } from './provider';
import { PluginProvider, RefusedConfiguration } from './plugin-provider';
import type { PropertyFailure } from '../rpc/status';
import { packageOfProviderRef, urnOfProviderRef } from '../urn';
import { secret, type WireObject } from '../wire/signature';

import { recordedProvider } from './recorded';

/** The package of the engine's own types (the stack, providers). */
const BUILT_IN = 'pulumi';

export interface RegistryOptions {
  readonly project: Project;
  readonly context: DeploymentContext;
  readonly reporter: Reporter;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Files with the schemas of packages without a plugin. */
  readonly schemas: Readonly<Record<string, string>>;
  /** The recorded inputs of an explicit provider. */
  readonly inputsOf: (urn: string) => WireObject | undefined;
}

/** Starts each package's plugin on first use, one process per package and per explicit provider. */
export class ProviderRegistry implements Providers {
  readonly #options: RegistryOptions;
  readonly #providers = new Map<string, Promise<Provider>>();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  get(pkg: string, reference = ''): Promise<Provider> {
    const urn = urnOfProviderRef(reference);
    const key = this.#options.project.plugins.has(pkg) && urn !== '' ? urn : pkg;
    const known = this.#providers.get(key);
    if (known !== undefined) return known;
    const inputs = key === urn ? (this.#options.inputsOf(urn) ?? {}) : this.#configOf(pkg);
    return this.#add(key, this.#start(pkg, inputs));
  }

  async register(urn: string, inputs: WireObject): Promise<readonly PropertyFailure[]> {
    const pkg = packageOfProviderRef(`${urn}::`) ?? '';
    if (!this.#options.project.plugins.has(pkg)) return [];
    try {
      await this.#add(urn, this.#start(pkg, inputs));
      return [];
    } catch (error) {
      if (error instanceof RefusedConfiguration) return error.failures;
      throw error;
    }
  }

  #add(key: string, started: Promise<Provider>): Promise<Provider> {
    this.#providers.set(key, started);
    return started;
  }

  /** The inputs of the default provider: the configuration of its package. */
  #configOf(pkg: string): WireObject {
    const { values, secretKeys } = this.#options.context.config;
    const own = `${pkg}:`;
    return Object.fromEntries(
      Object.entries(values)
        .filter(([key]) => key.startsWith(own))
        .map(([key, value]) => [
          key.slice(own.length),
          secretKeys.includes(key) ? secret(value) : value,
        ]),
    );
  }

  cancel(): Promise<void> {
    return this.#each((provider) => provider.cancel());
  }

  close(): Promise<void> {
    return this.#each((provider) => provider.close());
  }

  async #each(work: (provider: Provider) => Promise<void>): Promise<void> {
    const started = await Promise.allSettled(this.#providers.values());
    await Promise.all(
      started.map((one) => (one.status === 'fulfilled' ? work(one.value) : undefined)),
    );
  }

  async #start(pkg: string, inputs: WireObject): Promise<Provider> {
    const { project, context, reporter, env, schemas } = this.#options;
    const folder = project.plugins.get(pkg);
    if (folder === undefined) {
      if (pkg !== BUILT_IN) {
        reporter.log(
          'info',
          `the plugin for package ${pkg} is not available: its resources are recorded with their inputs as outputs, and not created`,
        );
      }
      return recordedProvider(pkg, schemas[pkg]);
    }
    const plugin = await startPlugin({
      pkg,
      folder,
      engine: context.address,
      cwd: project.dir,
      env,
      onLine: (line) => reporter.line('plugin', line),
    });
    return PluginProvider.configured(pkg, plugin, context, inputs);
  }
}
