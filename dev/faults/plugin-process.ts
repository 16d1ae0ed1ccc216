import { resolve } from 'node:path';

import type { handleUnaryCall } from '@grpc/grpc-js';
import { EngineService } from '@pulumi/pulumi/proto/engine_grpc_pb';
import type { LogRequest } from '@pulumi/pulumi/proto/engine_pb';

import { Empty, grpc } from '../../src/pulumi/plugin/protocol/pulumi-grpc';
import { type Plugin, startPlugin } from '../engine/process/plugin';
import { RemoteResource } from './remote-resource';
import type { World } from './world';

const FOLDER = resolve(__dirname, '../../plugin');
const TYPES = ['ImageBuild', 'ImageSignature', 'VerifiedImage'];

/** The plugin as Pulumi starts it: a separate process that is called over gRPC. */
export class PluginProcess {
  private constructor(
    readonly resources: readonly RemoteResource[],
    /** Its log messages and output. */
    readonly logged: readonly string[],
    private readonly plugin: Plugin,
    private readonly log: { close(): void },
  ) {}

  static async start({ env, folder }: Pick<World, 'env' | 'folder'>): Promise<PluginProcess> {
    const logged: string[] = [];
    const onLine = (line: string): void => void logged.push(line);
    const log = await listen(onLine);
    const options = { pkg: 'signed-image', folder: FOLDER, engine: log.address };
    const plugin = await startPlugin({ ...options, cwd: folder, env, onLine });
    const resources = TYPES.map((name) => new RemoteResource(name, plugin.address));
    return new PluginProcess(resources, logged, plugin, log);
  }

  get pid(): number | undefined {
    return this.plugin.child.pid;
  }

  /** Kills the plugin only: a builder that it started continues, as in production. */
  kill(): void {
    if (this.plugin.child.pid !== undefined) process.kill(this.plugin.child.pid, 'SIGKILL');
  }

  async close(): Promise<void> {
    for (const resource of this.resources) resource.close();
    await this.plugin.child.stop();
    this.log.close();
  }
}

/** The engine service that a plugin calls outside of `construct`: the log. */
async function listen(
  onLine: (line: string) => void,
): Promise<{ readonly address: string; close(): void }> {
  const server = new grpc.Server();
  const log: handleUnaryCall<LogRequest, unknown> = ({ request }, callback) => {
    onLine(request.getMessage());
    callback(null, new Empty());
  };
  const { log: method } = EngineService;
  server.addService({ log: method }, { log });
  const port = await new Promise<number>((settle, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else settle(bound);
    });
  });
  return { address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}
