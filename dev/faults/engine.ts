import type { CrudResource } from '../../src/pulumi/plugin/protocol/crud-resource';
import type { ResourceLog } from '../../src/pulumi/plugin/protocol/engine-log';
import { createPluginEnvironment, type RetryOptions } from '../../src/pulumi/plugin/environment';
import { PartialStateError } from '../../src/pulumi/plugin/protocol/partial-state';
import { createResources } from '../../src/pulumi/plugin/resources';
import { type Properties, toValue } from '../../src/pulumi/plugin/protocol/wire-value';
import type { World } from './world';

export type ResourceName = 'ImageBuild' | 'ImageSignature' | 'VerifiedImage';

/** A resource as an engine keeps it. */
export interface Kept {
  readonly id: string;
  readonly inputs: Properties;
  readonly outputs: Properties;
  /** It was made in part only: the next update asks for the rest, whether or not anything changed. */
  readonly unfinished?: boolean;
}

/** What an engine remembers from run to run. */
export type State = { [name in ResourceName]?: Kept };

/** Where the resources are: in this process, or in one of their own. */
export interface Plugin {
  readonly resources: readonly CrudResource[];
  close(): Promise<void>;
}

/** A fresh plugin in this process, which asks others no longer and no more often than it is told. */
export function pluginHere(
  { env, folder }: Pick<World, 'env' | 'folder'>,
  patience: RetryOptions = {},
): Plugin {
  const environment = createPluginEnvironment(env, folder, patience);
  return { resources: createResources(() => environment), close: () => environment.close() };
}

/** One run of a plugin, with the state that earlier runs left. */
export class EngineRun {
  /** What the resources said. */
  readonly said: string[] = [];

  constructor(
    readonly state: State,
    private readonly plugin: Plugin,
  ) {}

  /** Creates the resource, or updates it if something changed. */
  async up(name: ResourceName, declared: object): Promise<Kept> {
    const resource = this.#resource(name);
    const urn = this.#urn(name);
    const before = this.state[name];
    const news = toValue(declared) as Properties;
    const common = { urn, log: this.#log };
    const checked = await resource.check({ ...common, olds: before?.inputs ?? {}, news });
    const { inputs, problems } = checked;
    if (problems.length > 0) throw new Refused(problems.map(({ message }) => message).join('\n'));
    if (!before) {
      return this.#kept(name, inputs, () => resource.create({ ...common, inputs, preview: false }));
    }
    const { id } = before;
    const olds = { id, oldInputs: before.inputs, oldOutputs: before.outputs };
    const { changed } = await resource.diff({ ...common, ...olds, news: inputs });
    if (changed.length === 0 && !before.unfinished) return before;
    return this.#kept(name, inputs, async () => ({
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
    info: (line) => void this.said.push(line),
    warn: (line) => void this.said.push(line),
    debug: () => undefined,
    status: (line) => void this.said.push(line),
  };

  /** Keeps what was made, also where it is only a part. */
  async #kept(
    name: ResourceName,
    inputs: Properties,
    make: () => Promise<{ readonly id: string; readonly outputs: Properties }>,
  ): Promise<Kept> {
    try {
      const kept = { ...(await make()), inputs };
      this.state[name] = kept;
      return kept;
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
    if (!found) throw new Error(`no resource ${name}`);
    return found;
  }
}

/** `check` found problems, which an engine shows and goes no further. */
export class Refused extends Error {}
