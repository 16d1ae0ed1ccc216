import type { ServiceError } from '@grpc/grpc-js';
import { ResourceProviderClient } from '@pulumi/pulumi/proto/provider_grpc_pb';
import * as rpc from '@pulumi/pulumi/proto/provider_pb';

import type {
  CheckRequest,
  CheckResult,
  CreateRequest,
  CreateResult,
  CrudResource,
  DeleteRequest,
  DiffRequest,
  DiffResult,
  ReadRequest,
  ReadResult,
  UpdateRequest,
} from '../../src/pulumi/plugin/protocol/crud-resource';
import { grpc, Struct } from '../../src/pulumi/plugin/protocol/pulumi-grpc';
import {
  decodeProperties,
  encodeProperties,
  type Properties,
} from '../../src/pulumi/plugin/protocol/wire-value';

type Answer<Response> = (error: ServiceError | null, response: Response) => void;

/** A resource of a plugin process. It logs to the engine service and not to the log of the request. */
export class RemoteResource implements CrudResource {
  readonly type: string;
  readonly #client: ResourceProviderClient;

  constructor(name: string, address: string) {
    this.type = `signed-image:index:${name}`;
    this.#client = new ResourceProviderClient(address, grpc.credentials.createInsecure());
  }

  async check({ urn, olds, news }: CheckRequest): Promise<CheckResult> {
    const request = new rpc.CheckRequest().setUrn(urn);
    request.setOlds(struct(olds)).setNews(struct(news));
    const response = await call<rpc.CheckResponse>((answer) => this.#client.check(request, answer));
    const problems = response.getFailuresList().map((failed) => ({
      code: 'INPUT_INVALID' as const,
      property: failed.getProperty(),
      message: failed.getReason(),
    }));
    return { inputs: properties(response.getInputs()), problems };
  }

  async diff({ urn, id, oldInputs, oldOutputs, news }: DiffRequest): Promise<DiffResult> {
    const request = new rpc.DiffRequest().setUrn(urn).setId(id).setNews(struct(news));
    request.setOldInputs(struct(oldInputs)).setOlds(struct(oldOutputs));
    const response = await call<rpc.DiffResponse>((answer) => this.#client.diff(request, answer));
    const some = response.getChanges() === rpc.DiffResponse.DiffChanges.DIFF_SOME;
    return { changed: some ? response.getDiffsList() : [], replaces: response.getReplacesList() };
  }

  async create({ urn, inputs, preview }: CreateRequest): Promise<CreateResult> {
    const request = new rpc.CreateRequest().setUrn(urn).setPreview(preview);
    request.setProperties(struct(inputs));
    const response = await call<rpc.CreateResponse>((answer) =>
      this.#client.create(request, answer),
    );
    return { id: response.getId(), outputs: properties(response.getProperties()) };
  }

  async update(update: UpdateRequest): Promise<Properties> {
    const { urn, id, inputs, oldInputs, oldOutputs, preview } = update;
    const request = new rpc.UpdateRequest().setUrn(urn).setId(id).setPreview(preview);
    request.setNews(struct(inputs)).setOldInputs(struct(oldInputs)).setOlds(struct(oldOutputs));
    const response = await call<rpc.UpdateResponse>((answer) =>
      this.#client.update(request, answer),
    );
    return properties(response.getProperties());
  }

  async read({ urn, id, inputs, outputs }: ReadRequest): Promise<ReadResult> {
    const request = new rpc.ReadRequest().setUrn(urn).setId(id);
    request.setInputs(struct(inputs)).setProperties(struct(outputs));
    const response = await call<rpc.ReadResponse>((answer) => this.#client.read(request, answer));
    if (response.getId() === '') return undefined;
    return {
      inputs: properties(response.getInputs()),
      outputs: properties(response.getProperties()),
    };
  }

  async delete({ urn, id, inputs, outputs }: DeleteRequest & { inputs?: Properties }) {
    const request = new rpc.DeleteRequest().setUrn(urn).setId(id).setProperties(struct(outputs));
    if (inputs) request.setOldInputs(struct(inputs));
    await call<unknown>((answer) => this.#client.delete(request, answer));
  }

  close(): void {
    this.#client.close();
  }
}

function call<Response>(start: (answer: Answer<Response>) => unknown): Promise<Response> {
  return new Promise((settle, reject) => {
    start((error, response) => (error ? reject(error) : settle(response)));
  });
}

function struct(tree: Properties): ReturnType<typeof Struct.fromJavaScript> {
  return Struct.fromJavaScript(
    encodeProperties(tree) as Parameters<typeof Struct.fromJavaScript>[0],
  );
}

function properties(found: { toJavaScript(): object } | undefined): Properties {
  return found ? decodeProperties(found.toJavaScript() as Record<string, unknown>) : {};
}
