import { LogRequest, LogSeverity } from '@pulumi/pulumi/proto/engine_pb';
import { EngineClient } from '@pulumi/pulumi/proto/engine_grpc_pb';

import { grpc } from './pulumi-grpc';

/** The engine's log, for one resource. */
export interface ResourceLog {
  /** A line that stays. */
  info(message: string): void;
  warn(message: string): void;
  /** Progress: shown while it is true, and not kept. */
  status(message: string): void;
}

export interface EngineLog {
  for(urn: string): ResourceLog;
  /** Resolves when all that was logged has arrived. */
  flush(): Promise<void>;
  close(): void;
}

/**
 * Logs to the engine at this address. The SDK's own `log` has no engine address in CRUD calls
 * (it prints to stdout), so this is a client of our own. A line that cannot be delivered is
 * dropped: a log must not fail a signature.
 */
export function createEngineLog(address: string | undefined): EngineLog {
  if (!address) return { for: () => SILENT, flush: async () => undefined, close: () => undefined };
  const client = new EngineClient(address, grpc.credentials.createInsecure());
  // One line after the other: the engine shows them in the order of their arrival.
  let last: Promise<void> = Promise.resolve();
  const send = (severity: LogSeverity, urn: string, message: string, ephemeral: boolean): void => {
    const request = new LogRequest();
    request.setSeverity(severity);
    request.setUrn(urn);
    request.setMessage(message);
    request.setEphemeral(ephemeral);
    last = last.then(
      () => new Promise((resolve) => void client.log(request, () => resolve(undefined))),
    );
  };
  return {
    for: (urn) => ({
      info: (message) => send(LogSeverity.INFO, urn, message, false),
      warn: (message) => send(LogSeverity.WARNING, urn, message, false),
      status: (message) => send(LogSeverity.INFO, urn, message, true),
    }),
    flush: () => last,
    close: () => client.close(),
  };
}

const SILENT: ResourceLog = {
  info: () => undefined,
  warn: () => undefined,
  status: () => undefined,
};
