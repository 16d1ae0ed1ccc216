import { LogRequest, LogSeverity } from '@pulumi/pulumi/proto/engine_pb';
import { EngineClient } from '@pulumi/pulumi/proto/engine_grpc_pb';

import { grpc } from './pulumi-grpc';

/** The engine's log, for one resource. */
export interface ResourceLog {
  /** Logs a permanent line. */
  info(message: string): void;
  warn(message: string): void;
  /** Shows progress while a step runs, if it takes longer than `STATUS_DELAY_MS`; not kept. */
  status(message: string): void;
}

export interface EngineLog {
  for(urn: string): ResourceLog;
  /** Resolves when all lines of a resource are delivered. */
  flush(urn: string): Promise<void>;
  close(): void;
}

/** Delay before the status of a step is shown: shorter steps are not shown. */
const STATUS_DELAY_MS = 200;

/**
 * Creates a log to the engine at this address. The SDK's own `log` has no engine address in CRUD calls
 * (it prints to stdout), so this is a separate client. A line that cannot be delivered is dropped: a
 * failed log request must not fail a signature.
 */
export function createEngineLog(address: string | undefined): EngineLog {
  if (!address) return { for: () => SILENT, flush: async () => undefined, close: () => undefined };
  const client = new EngineClient(address, grpc.credentials.createInsecure());
  // The lines of one resource are sent one after the other: the engine shows them in the order of arrival.
  const lines = new Map<string, Promise<void>>();
  const pendingStatus = new Map<string, NodeJS.Timeout>();

  const send = (severity: LogSeverity, urn: string, message: string, ephemeral: boolean): void => {
    const request = new LogRequest();
    request.setSeverity(severity);
    request.setUrn(urn);
    request.setMessage(message);
    request.setEphemeral(ephemeral);
    const delivered = (lines.get(urn) ?? Promise.resolve()).then(
      () => new Promise<void>((resolve) => void client.log(request, () => resolve())),
    );
    lines.set(urn, delivered);
    void delivered.then(() => {
      if (lines.get(urn) === delivered) lines.delete(urn);
    });
  };
  const clearStatus = (urn: string): void => {
    clearTimeout(pendingStatus.get(urn));
    pendingStatus.delete(urn);
  };
  return {
    for: (urn) => ({
      info: (message) => send(LogSeverity.INFO, urn, message, false),
      warn: (message) => send(LogSeverity.WARNING, urn, message, false),
      status: (message) => {
        clearStatus(urn);
        const sendStatus = (): void => {
          pendingStatus.delete(urn);
          send(LogSeverity.INFO, urn, message, true);
        };
        pendingStatus.set(urn, setTimeout(sendStatus, STATUS_DELAY_MS).unref());
      },
    }),
    flush: async (urn) => {
      clearStatus(urn);
      await lines.get(urn);
    },
    close: () => {
      for (const urn of pendingStatus.keys()) clearStatus(urn);
      client.close();
    },
  };
}

const SILENT: ResourceLog = {
  info: () => undefined,
  warn: () => undefined,
  status: () => undefined,
};
