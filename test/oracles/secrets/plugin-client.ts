import { join, resolve } from 'node:path';

import { credentials, Server, ServerCredentials, type ServiceError } from '@grpc/grpc-js';
import { EngineService, type IEngineServer } from '@pulumi/pulumi/proto/engine_grpc_pb';
import type { LogRequest } from '@pulumi/pulumi/proto/engine_pb';
import { ResourceProviderClient } from '@pulumi/pulumi/proto/provider_grpc_pb';
import * as rpc from '@pulumi/pulumi/proto/provider_pb';
import { serializeProperties } from '@pulumi/pulumi/runtime/rpc';
import * as state from '@pulumi/pulumi/runtime/state';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';

import { startPlugin } from '../../../dev/engine/process/plugin';
import type { WireObject } from '../../../dev/engine/wire/signature';
import { fromStruct, toStruct } from '../../../dev/engine/wire/struct';

const ROOT = resolve(__dirname, '..', '..', '..');

/** The result of a call: the properties of the response, and its log messages. */
export interface Answer {
  readonly properties: WireObject;
  readonly said: readonly string[];
  readonly id: string;
}

/** The compiled plugin in its own process, spoken to as an engine does. */
export interface PluginClient {
  /** Lines of the engine's log, and of both outputs of the process. */
  readonly lines: readonly string[];
  check(urn: string, news: WireObject): Promise<Answer>;
  create(urn: string, inputs: WireObject, preview: boolean): Promise<Answer>;
  read(urn: string, inputs: WireObject, created: Answer): Promise<Answer>;
  diff(urn: string, inputs: WireObject, created: Answer): Promise<Answer>;
  close(): Promise<void>;
}

export async function startPluginClient(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<PluginClient> {
  const lines: string[] = [];
  const engine = new Server();
  engine.addService(EngineService, {
    log: (call: { request: LogRequest }, answer: (error: null, empty: Empty) => void) => {
      lines.push(call.request.getMessage());
      answer(null, new Empty());
    },
  } as unknown as IEngineServer);
  const port = await new Promise<number>((bound, failed) =>
    engine.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, at) =>
      error ? failed(error) : bound(at),
    ),
  );
  const plugin = await startPlugin({
    pkg: 'signed-image',
    folder: join(ROOT, 'plugin'),
    engine: `127.0.0.1:${port}`,
    cwd,
    env,
    onLine: (line) => lines.push(line),
  });
  const client = new ResourceProviderClient(plugin.address, credentials.createInsecure());
  const call = <Response>(
    start: (answer: (error: ServiceError | null, response: Response) => void) => unknown,
    of: (response: Response) => Answer,
  ): Promise<Answer> =>
    new Promise((settle) =>
      start((error, response) => {
        if (!error) return settle(of(response));
        const trailer = error.metadata.get('grpc-status-details-bin').map(String);
        settle({ properties: {}, said: [error.message, error.details, ...trailer], id: '' });
      }),
    );
  return {
    lines,
    check: (urn, news) =>
      call<rpc.CheckResponse>(
        (answer) =>
          client.check(
            new rpc.CheckRequest().setUrn(urn).setOlds(toStruct({})).setNews(toStruct(news)),
            answer,
          ),
        (response) => ({
          properties: fromStruct(response.getInputs()),
          said: response
            .getFailuresList()
            .map((failure) => `${failure.getProperty()}: ${failure.getReason()}`),
          id: '',
        }),
      ),
    create: (urn, inputs, preview) =>
      call<rpc.CreateResponse>(
        (answer) =>
          client.create(
            new rpc.CreateRequest().setUrn(urn).setProperties(toStruct(inputs)).setPreview(preview),
            answer,
          ),
        (response) => ({
          properties: fromStruct(response.getProperties()),
          said: [],
          id: response.getId(),
        }),
      ),
    read: (urn, inputs, { id, properties }) =>
      call<rpc.ReadResponse>(
        (answer) =>
          client.read(
            new rpc.ReadRequest()
              .setUrn(urn)
              .setId(id)
              .setInputs(toStruct(inputs))
              .setProperties(toStruct(properties)),
            answer,
          ),
        (response) => ({
          properties: {
            inputs: fromStruct(response.getInputs()),
            outputs: fromStruct(response.getProperties()),
          },
          said: [],
          id: response.getId(),
        }),
      ),
    diff: (urn, inputs, { id, properties }) =>
      call<rpc.DiffResponse>(
        (answer) =>
          client.diff(
            new rpc.DiffRequest()
              .setUrn(urn)
              .setId(id)
              .setOldInputs(toStruct(inputs))
              .setOlds(toStruct(properties))
              .setNews(toStruct(inputs)),
            answer,
          ),
        (response) => ({ properties: {}, said: response.getDiffsList(), id: '' }),
      ),
    close: async () => {
      client.close();
      await plugin.child.stop();
      engine.forceShutdown();
    },
  };
}

/** Properties as the real SDK sends them to an engine that accepts secrets. */
export async function serialized(declared: object): Promise<WireObject> {
  // An engine returns this for unsupported features; the types do not export it.
  const { getStore } = state as unknown as { getStore(): { supportsSecrets: boolean } };
  getStore().supportsSecrets = true;
  return (await serializeProperties('oracle', declared as Record<string, unknown>)) as WireObject;
}
