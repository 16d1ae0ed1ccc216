import { Server, ServerCredentials } from '@grpc/grpc-js';
import { LoaderService } from '@pulumi/pulumi/proto/codegen/loader_grpc_pb';
import { EngineService } from '@pulumi/pulumi/proto/engine_grpc_pb';
import { ResourceMonitorService } from '@pulumi/pulumi/proto/resource_grpc_pb';
import type { Run } from '../deploy/run';
import { engineService } from './engine-service';
import { loaderService } from './loader-service';
import { monitorService } from './monitor';

/** All services on one loopback port. The run needs the address, so the port is bound first. */
export class RpcServer {
  readonly address: string;
  readonly #server: Server;

  private constructor(server: Server, address: string) {
    this.#server = server;
    this.address = address;
  }

  static async listen(): Promise<RpcServer> {
    const server = new Server({
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    return new RpcServer(server, `127.0.0.1:${port}`);
  }

  serve(run: Run, finish: () => Promise<void>): void {
    this.#server.addService(ResourceMonitorService, monitorService(run, finish));
    this.#server.addService(EngineService, engineService(run));
    this.#server.addService(LoaderService, loaderService(run));
  }

  close(): void {
    this.#server.forceShutdown();
  }
}
