import type { CrudResource } from '../../src/pulumi/plugin/crud-resource';
import type { ResourceLog } from '../../src/pulumi/plugin/engine-log';
import { createPluginEnvironment, type Patience } from '../../src/pulumi/plugin/environment';
import { createResources } from '../../src/pulumi/plugin/resources';
import { type Properties, toValue } from '../../src/pulumi/plugin/wire-value';
import type { World } from './world';

export type ResourceName = 'ImageBuild' | 'ImageSignature' | 'VerifiedImage';

/** A resource as an engine keeps it. */
export interface Kept {
  readonly id: string;
  readonly inputs: Properties;
  readonly outputs: Properties;
}

/** What an engine remembers from run to run. */
export type State = { [name in ResourceName]?: Kept };

/** One run of the plugin: a fresh one, with the state that earlier runs left. */
export class EngineRun {
  /** What the resources said. */
  readonly said: string[] = [];
  readonly #environment;
  readonly #resources: readonly CrudResource[];

  constructor(
    world: Pick<World, 'env' | 'folder'>,
    readonly state: State,
    patience: Patience,
  ) {
    this.#environment = createPluginEnvironment(world.env, world.folder, patience);
    this.#resources = createResources(this.#environment);
  }

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
      const created = await resource.create({ ...common, inputs, preview: false });
      return this.#keep(name, { ...created, inputs });
    }
    const olds = { id: before.id, oldInputs: before.inputs, oldOutputs: before.outputs };
    const { changed } = await resource.diff({ ...common, ...olds, news: inputs });
    if (changed.length === 0) return before;
    const outputs = await resource.update({ ...common, ...olds, inputs, preview: false });
    return this.#keep(name, { id: before.id, inputs, outputs });
  }

  async refresh(name: ResourceName): Promise<void> {
    const before = this.state[name];
    if (!before) return;
    const found = await this.#resource(name).read({
      urn: this.#urn(name),
      ...before,
      log: this.#log,
    });
    if (found) this.state[name] = { id: before.id, ...found };
    else delete this.state[name];
  }

  close(): Promise<void> {
    return this.#environment.close();
  }

  readonly #log: ResourceLog = {
    info: (line) => void this.said.push(line),
    warn: (line) => void this.said.push(line),
    status: (line) => void this.said.push(line),
  };

  #keep(name: ResourceName, kept: Kept): Kept {
    this.state[name] = kept;
    return kept;
  }

  #urn(name: ResourceName): string {
    return `urn:pulumi:s::p::signed-image:index:${name}::app`;
  }

  #resource(name: ResourceName): CrudResource {
    const found = this.#resources.find(({ type }) => type.endsWith(`:${name}`));
    if (!found) throw new Error(`no resource ${name}`);
    return found;
  }
}

/** `check` found problems, which an engine shows and goes no further. */
export class Refused extends Error {}
