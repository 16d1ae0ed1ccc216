import type { DeploymentContext } from '../deploy/context';
import { startPlugin } from '../process/plugin';
import type { Project } from '../project/project';
import type { Reporter } from '../deploy/reporter';
import type { Providers } from '../deploy/run';
import type { Provider } from './provider';
import { PluginProvider } from './plugin-provider';
import { recordedProvider } from './recorded';

/** The package of the engine's own types (the stack, providers). */
const BUILT_IN = 'pulumi';

export interface RegistryOptions {
  readonly project: Project;
  readonly context: DeploymentContext;
  readonly reporter: Reporter;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Starts each package's plugin on first use, one process per package. */
export class ProviderRegistry implements Providers {
  readonly #options: RegistryOptions;
  readonly #providers = new Map<string, Promise<Provider>>();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  get(pkg: string): Promise<Provider> {
    const known = this.#providers.get(pkg);
    if (known !== undefined) return known;
    const started = this.#start(pkg);
    this.#providers.set(pkg, started);
    return started;
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

  async #start(pkg: string): Promise<Provider> {
    const { project, context, reporter, env } = this.#options;
    const folder = project.plugins.get(pkg);
    if (folder === undefined) {
      if (pkg !== BUILT_IN) {
        reporter.log(
          'info',
          `the plugin for package ${pkg} is not available: its resources are recorded with their inputs as outputs, and not created`,
        );
      }
      return recordedProvider(pkg);
    }
    const plugin = await startPlugin({
      pkg,
      folder,
      engine: context.address,
      cwd: project.dir,
      env,
      onLine: (line) => reporter.line('plugin', line),
    });
    return PluginProvider.configured(pkg, plugin, context);
  }
}
