import type { CrudResource } from '../../src/pulumi/plugin/protocol/crud-resource';
import type { ResourceLog } from '../../src/pulumi/plugin/protocol/engine-log';
import { createPluginEnvironment, type RetryOptions } from '../../src/pulumi/plugin/environment';
import { PartialStateError } from '../../src/pulumi/plugin/protocol/partial-state';
import { createResources } from '../../src/pulumi/plugin/resources';
import { type Properties, toValue } from '../../src/pulumi/plugin/protocol/wire-value';
import type { World } from './world';

export type ResourceName = 'ImageBuild' | 'ImageSignature' | 'VerifiedImage';

/** A resource in the engine's state. */
export interface StoredResource {
  readonly id: string;
  readonly inputs: Properties;
  readonly outputs: Properties;
  /** The creation was partial: the next update calls the resource even without changes. */
  readonly unfinished?: boolean;
}

/** The state of a stack. */
export type State = { [name in ResourceName]?: StoredResource };

/** A plugin, in this process or in its own. */
export interface Plugin {
  readonly resources: readonly CrudResource[];
  close(): Promise<void>;
}

/** A new plugin in this process, with limits for retries and waits. */
export function inProcessPlugin(
  { env, folder }: Pick<World, 'env' | 'folder'>,
  options: RetryOptions = {},
): Plugin {
  const environment = createPluginEnvironment(env, folder, options);
  return { resources: createResources(() => environment), close: () => environment.close() };
}

/** One run of a plugin, with the state of earlier runs. */
export class EngineRun {
  /** The log messages of the resources. */
  readonly logged: string[] = [];

  constructor(
    readonly state: State,
    private readonly plugin: Plugin,
  ) {}

  /** Creates the resource, or updates it if something changed. */
  async up(name: ResourceName, declared: object): Promise<StoredResource> {
    const resource = this.#resource(name);
    const urn = this.#urn(name);
    const before = this.state[name];
    const news = toValue(declared) as Properties;
    const common = { urn, log: this.#log };
    const checked = await resource.check({ ...common, olds: before?.inputs ?? {}, news });
    const { inputs, problems } = checked;
    if (problems.length > 0)
      throw new CheckFailed(problems.map(({ message }) => message).join('\n'));
    if (!before) {
      return this.#store(name, inputs, () =>
        resource.create({ ...common, inputs, preview: false }),
      );
    }
    const { id } = before;
    const olds = { id, oldInputs: before.inputs, oldOutputs: before.outputs };
    const { changed } = await resource.diff({ ...common, ...olds, news: inputs });
    if (changed.length === 0 && !before.unfinished) return before;
    return this.#store(name, inputs, async () => ({
      id,
      outputs: await resource.update({ ...common, ...olds, inputs, preview: false }),
    }));
  }

  async refresh(name: ResourceName): Promise<void> {
    const before = this.state[name];
    if (!before) return;
    const request = { urn: this.#urn(name), ...before, log: this.#log };
    const found = await this.#resource(name).read(request);
    if (found) this.state[name] = { ...before, ...found };
    else delete this.state[name];
  }

  async delete(name: ResourceName): Promise<void> {
    const before = this.state[name];
    if (!before) return;
    await this.#resource(name).delete({ urn: this.#urn(name), ...before, log: this.#log });
    delete this.state[name];
  }

  close(): Promise<void> {
    return this.plugin.close();
  }

  readonly #log: ResourceLog = {
    info: (line) => void this.logged.push(line),
    note: (line) => void this.logged.push(line),
    warn: (line) => void this.logged.push(line),
    debug: () => undefined,
    status: (line) => void this.logged.push(line),
  };

  /** Stores the created or updated resource, also a partial one. */
  async #store(
    name: ResourceName,
    inputs: Properties,
    make: () => Promise<{ readonly id: string; readonly outputs: Properties }>,
  ): Promise<StoredResource> {
    try {
      const resource = { ...(await make()), inputs };
      this.state[name] = resource;
      return resource;
    } catch (error) {
      if (!(error instanceof PartialStateError)) throw error;
      this.state[name] = { id: error.id, inputs, outputs: error.outputs, unfinished: true };
      throw error.reason;
    }
  }

  #urn(name: ResourceName): string {
    return `urn:pulumi:s::p::signed-image:index:${name}::app`;
  }

  #resource(name: ResourceName): CrudResource {
    const found = this.plugin.resources.find(({ type }) => type.endsWith(`:${name}`));
    if (!found) throw new Error(`the plugin does not have a resource ${name}`);
    return found;
  }
}

/** `check` found problems: an engine reports them and stops. */
export class CheckFailed extends Error {}
