import { setTimeout as delay } from 'node:timers/promises';
import {
  credentials,
  Metadata,
  status,
  type ClientUnaryCall,
  type ServiceError,
} from '@grpc/grpc-js';
import { ResourceProviderClient } from '@pulumi/pulumi/proto/provider_grpc_pb';
import {
  CheckRequest,
  ConfigureRequest,
  CreateRequest,
  DeleteRequest,
  DiffRequest,
  DiffResponse,
  GetSchemaRequest,
  InvokeRequest,
  ReadRequest,
  UpdateRequest,
  type CheckFailure,
  type CheckResponse,
  type CreateResponse,
  type GetSchemaResponse,
  type InvokeResponse,
  type ReadResponse,
  type UpdateResponse,
  type ConfigureResponse,
  type ConstructResponse,
} from '@pulumi/pulumi/proto/provider_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import type { DeploymentContext } from '../deploy/context';
import type { Plugin } from '../process/plugin';
import { initFailureOf, isServiceError, messageOf, type PropertyFailure } from '../rpc/status';
import type { WireObject } from '../wire/signature';
import { fromStruct, toStruct } from '../wire/struct';
import { hasSecret, markSecrets, reveal } from '../wire/value';
import { constructed, constructRequest } from './construct-request';
import { PartialFailure, type Created, type Identity, type Provider } from './provider';

const CANCEL_MS = 1_000;
const LAST_WORDS_MS = 1_000;
const OPTIONS = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
};

type Answer<Response> = (error: ServiceError | null, response: Response) => void;
type Start<Response> = (answer: Answer<Response>) => ClientUnaryCall;

const failures = (list: readonly CheckFailure[]): readonly PropertyFailure[] =>
  list.map((item) => ({ property: item.getProperty(), reason: item.getReason() }));

const DIFFERENCES = {
  [DiffResponse.DiffChanges.DIFF_NONE]: 'none',
  [DiffResponse.DiffChanges.DIFF_SOME]: 'some',
  [DiffResponse.DiffChanges.DIFF_UNKNOWN]: 'unknown',
} as const;

const identified = <
  Request extends {
    setUrn(urn: string): Request;
    setType(type: string): Request;
    setName(name: string): Request;
  },
>(
  request: Request,
  identity: Identity,
): Request => request.setUrn(identity.urn).setType(identity.type).setName(identity.name);

/** The plugin does not accept the inputs of a provider. */
export class RefusedConfiguration extends Error {
  override readonly name = 'RefusedConfiguration';
  readonly failures: readonly PropertyFailure[];

  /** As the real engine, this prints the values of the inputs that are named. */
  constructor(pkg: string, inputs: WireObject, failures: readonly PropertyFailure[]) {
    const lines = failures.map(({ property, reason }) => {
      const value = JSON.stringify(reveal(inputs[property] ?? null));
      return `property ${property} value {${value}} has a problem: ${reason}`;
    });
    super(`pulumi:providers:${pkg} resource 'default': ${lines.join('\n')}`);
    this.failures = failures;
  }
}

/** Calls a plugin process by pulumirpc.ResourceProvider. */
export class PluginProvider implements Provider {
  readonly pkg: string;
  readonly managed = true;
  readonly #context: DeploymentContext;
  readonly #plugin: Plugin;
  readonly #client: ResourceProviderClient;
  #abilities: ConfigureResponse | undefined;

  private constructor(pkg: string, plugin: Plugin, context: DeploymentContext) {
    this.pkg = pkg;
    this.#plugin = plugin;
    this.#context = context;
    this.#client = new ResourceProviderClient(
      plugin.address,
      credentials.createInsecure(),
      OPTIONS,
    );
  }

  static async configured(
    pkg: string,
    plugin: Plugin,
    context: DeploymentContext,
    inputs: WireObject,
  ): Promise<PluginProvider> {
    const provider = new PluginProvider(pkg, plugin, context);
    await provider.#checkConfig(inputs);
    const request = new ConfigureRequest()
      .setArgs(toStruct(inputs))
      .setAcceptsecrets(true)
      .setAcceptresources(true)
      .setSendsOldInputs(true)
      .setSendsOldInputsToDelete(true);
    for (const [key, value] of Object.entries(inputs)) {
      const plain = reveal(value);
      const text = typeof plain === 'string' ? plain : JSON.stringify(plain);
      request.getVariablesMap().set(`${pkg}:config:${key}`, text);
    }
    provider.#abilities = await provider.#call<ConfigureResponse>((answer) =>
      provider.#client.configure(request, answer),
    );
    return provider;
  }

  async #checkConfig(inputs: WireObject): Promise<void> {
    const type = `pulumi:providers:${this.pkg}`;
    const request = new CheckRequest().setUrn(type).setType(type).setNews(toStruct(inputs));
    try {
      const response = await this.#call<CheckResponse>((answer) =>
        this.#client.checkConfig(request, answer),
      );
      const refused = failures(response.getFailuresList());
      if (refused.length === 0) return;
      await this.close();
      throw new RefusedConfiguration(this.pkg, inputs, refused);
    } catch (error) {
      // As the real engine: a plugin need not check its configuration.
      if (!isServiceError(error) || error.code !== status.UNIMPLEMENTED) throw error;
    }
  }

  get supportsPreview(): boolean {
    return this.#abilities?.getSupportspreview() ?? false;
  }

  async check(identity: Identity, olds: WireObject, news: WireObject) {
    const request = identified(new CheckRequest(), identity)
      .setOlds(this.#toPlugin(olds))
      .setNews(this.#toPlugin(news));
    const response = await this.#call<CheckResponse>((answer) =>
      this.#client.check(request, answer),
    );
    return {
      inputs: this.#fromPlugin(response.getInputs(), news),
      failures: failures(response.getFailuresList()),
    };
  }

  async diff(...[identity, old, news, ignore]: Parameters<Provider['diff']>) {
    const request = identified(new DiffRequest(), identity)
      .setId(old.id)
      .setOlds(this.#toPlugin(old.outputs))
      .setOldInputs(this.#toPlugin(old.inputs))
      .setNews(this.#toPlugin(news))
      .setIgnorechangesList([...ignore]);
    const response = await this.#call<DiffResponse>((answer) => this.#client.diff(request, answer));
    const replaces = response.getReplacesList();
    return {
      changes: DIFFERENCES[response.getChanges()],
      replaces,
      deleteBeforeReplace: response.getDeletebeforereplace(),
      reasons: [...new Set([...replaces, ...response.getDiffsList()])],
      detailed: response.getHasdetaileddiff(),
    };
  }

  async create(identity: Identity, inputs: WireObject, preview: boolean): Promise<Created> {
    const request = identified(new CreateRequest(), identity)
      .setProperties(this.#toPlugin(inputs))
      .setPreview(preview);
    const response = await this.#call<CreateResponse>(
      (answer) => this.#client.create(request, answer),
      inputs,
    );
    const id = response.getId();
    if (id === '' && !preview) {
      throw new Error(
        `the plugin for package ${this.pkg} returned an empty id for ${identity.urn}`,
      );
    }
    return { id, outputs: this.#fromPlugin(response.getProperties(), inputs) };
  }

  async update(...[identity, old, news, preview]: Parameters<Provider['update']>) {
    const request = identified(new UpdateRequest(), identity)
      .setId(old.id)
      .setOlds(this.#toPlugin(old.outputs))
      .setOldInputs(this.#toPlugin(old.inputs))
      .setNews(this.#toPlugin(news))
      .setPreview(preview);
    const response = await this.#call<UpdateResponse>(
      (answer) => this.#client.update(request, answer),
      news,
    );
    return this.#fromPlugin(response.getProperties(), news);
  }

  async read(...[identity, id, outputs, inputs]: Parameters<Provider['read']>) {
    const request = identified(new ReadRequest(), identity)
      .setId(id)
      .setProperties(this.#toPlugin(outputs));
    if (inputs !== undefined) request.setInputs(this.#toPlugin(inputs));
    const response = await this.#call<ReadResponse>(
      (answer) => this.#client.read(request, answer),
      outputs,
    );
    const read = response.getInputs();
    return {
      ...(response.getId() !== '' && { id: response.getId() }),
      outputs: this.#fromPlugin(response.getProperties(), outputs),
      ...(read !== undefined && { inputs: this.#fromPlugin(read, inputs ?? {}) }),
    };
  }

  async delete(...[identity, old]: Parameters<Provider['delete']>): Promise<void> {
    const request = identified(new DeleteRequest(), identity)
      .setId(old.id)
      .setProperties(this.#toPlugin(old.outputs))
      .setOldInputs(this.#toPlugin(old.inputs));
    await this.#call<Empty>((answer) => this.#client.delete(request, answer));
  }

  async invoke(...[args]: Parameters<Provider['invoke']>) {
    const request = new InvokeRequest()
      .setTok(args.token)
      .setArgs(this.#toPlugin(args.args))
      .setPreview(args.dryRun);
    const response = await this.#call<InvokeResponse>((answer) =>
      this.#client.invoke(request, answer),
    );
    return {
      result: fromStruct(response.getReturn()),
      failures: failures(response.getFailuresList()),
    };
  }

  /** Ends at once when the run stops: a plugin that waits for its registrations would never respond. */
  async construct(...[args, signal]: Parameters<Provider['construct']>) {
    const request = constructRequest(args, this.#context);
    const response = await this.#call<ConstructResponse>((answer) => {
      const call = this.#client.construct(request, answer);
      signal.addEventListener('abort', () => call.cancel(), { once: true });
      return call;
    });
    return constructed(response);
  }

  async schema(): Promise<string> {
    const response = await this.#call<GetSchemaResponse>((answer) =>
      this.#client.getSchema(new GetSchemaRequest(), answer),
    );
    return response.getSchema();
  }

  async cancel(): Promise<void> {
    await new Promise<void>((resolve) => {
      const deadline = new Date(Date.now() + CANCEL_MS);
      this.#client.cancel(new Empty(), new Metadata(), { deadline }, () => resolve());
    });
  }

  async close(): Promise<void> {
    await this.cancel();
    this.#client.close();
    await this.#plugin.child.stop();
  }

  #toPlugin(object: WireObject) {
    const secrets = this.#abilities?.getAcceptsecrets() ?? true;
    return toStruct(secrets ? object : (reveal(object) as WireObject));
  }

  /** A provider that does not receive secrets cannot mark them: outputs with the name of a secret input stay secret. */
  #fromPlugin(struct: Parameters<typeof fromStruct>[0], sent: WireObject): WireObject {
    const received = fromStruct(struct);
    if (this.#abilities?.getAcceptsecrets() ?? true) return received;
    const names = Object.keys(sent).filter((key) => hasSecret(sent[key] ?? null));
    return markSecrets(received, names);
  }

  async #call<Response>(start: Start<Response>, sent: WireObject = {}): Promise<Response> {
    try {
      return await new Promise<Response>((resolve, reject) => {
        start((error, response) => (error === null ? resolve(response) : reject(error)));
      });
    } catch (error) {
      const partial = initFailureOf(error);
      if (partial !== undefined) {
        const properties = this.#fromPlugin(partial.getProperties(), sent);
        const reasons = partial.getReasonsList();
        throw new PartialFailure(partial.getId(), properties, reasons, messageOf(error));
      }
      const code =
        isServiceError(error) && error.code === status.UNAVAILABLE ? await this.#end() : undefined;
      if (code === undefined) throw error;
      throw new Error(`the plugin for package ${this.pkg} ended with code ${code}`, {
        cause: error,
      });
    }
  }

  /** The exit code of a plugin that ended; the closed connection is detected before the end of the process. */
  async #end(): Promise<number | undefined> {
    const timeout = new AbortController();
    const waited = delay(LAST_WORDS_MS, undefined, { signal: timeout.signal }).catch(
      () => undefined,
    );
    const code = await Promise.race([this.#plugin.child.exited, waited]);
    timeout.abort();
    return code ?? undefined;
  }
}
