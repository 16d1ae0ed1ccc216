import type { Server, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { type Provider, main } from '@pulumi/pulumi/provider';

import type { CrudService } from './crud-service';
import { grpc } from './pulumi-grpc';

/**
 * Serves the provider on the SDK's own server, with our handlers of the CRUD calls in place of the
 * SDK's: its server class is not exported and does not support previews (docs/explanation/adr/0005).
 */
export async function serve(
  provider: Provider,
  crud: CrudService,
  args: readonly string[],
): Promise<void> {
  const prototype = grpc.Server.prototype;
  const original = prototype.addService;
  prototype.addService = function addService(
    this: Server,
    service: ServiceDefinition,
    implementation: UntypedServiceImplementation,
  ): void {
    // The SDK's handlers are methods of a class: as the prototype, it keeps their `this` usable.
    original.call(this, service, Object.assign(Object.create(implementation), crud));
  };
  try {
    await main(provider, [...args]);
  } finally {
    prototype.addService = original;
  }
}
