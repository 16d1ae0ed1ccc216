import { readFile } from 'node:fs/promises';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { PluginInfo } from '@pulumi/pulumi/proto/plugin_pb';
import { ResourceProviderService } from '@pulumi/pulumi/proto/provider_grpc_pb';
import { GetSchemaResponse } from '@pulumi/pulumi/proto/provider_pb';
import { unary } from './status';

export interface SchemaProviders {
  /** The variable by which a language host connects to them instead of starting plugins. */
  readonly env: Readonly<Record<string, string>>;
  close(): void;
}

/** A provider that has a schema and no resources: the engine records the resources of its package. */
const serve = async (file: string): Promise<{ readonly server: Server; readonly port: number }> => {
  const server = new Server({ 'grpc.max_send_message_length': -1 });
  server.addService(ResourceProviderService, {
    attach: unary(async () => new Empty()),
    getPluginInfo: unary(async () => new PluginInfo()),
    getSchema: unary(async () => new GetSchemaResponse().setSchema(await readFile(file, 'utf8'))),
    cancel: unary(async () => new Empty()),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return { server, port };
};

/** Serves the schemas of files, by package: the language host of YAML gets a schema from a provider only. */
export const serveSchemas = async (
  schemas: Readonly<Record<string, string>>,
): Promise<SchemaProviders> => {
  const served = await Promise.all(
    Object.entries(schemas).map(async ([pkg, file]) => ({ pkg, ...(await serve(file)) })),
  );
  const ports = served.map(({ pkg, port }) => `${pkg}:${port}`);
  return {
    env: ports.length === 0 ? {} : { PULUMI_DEBUG_PROVIDERS: ports.join(',') },
    close: () => {
      for (const { server } of served) server.forceShutdown();
    },
  };
};
