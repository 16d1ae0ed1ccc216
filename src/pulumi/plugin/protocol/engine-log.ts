import { LogRequest, LogSeverity } from '@pulumi/pulumi/proto/engine_pb';
import { EngineClient } from '@pulumi/pulumi/proto/engine_grpc_pb';

import { grpc } from './pulumi-grpc';

/** The engine's log, for one resource. */
export interface ResourceLog {
  /** Logs a line that the engine shows with `--debug` only. */
  debug(message: string): void;
  /** Logs a permanent line under Diagnostics: something that a person should know or do. */
  info(message: string): void;
  /** Shows a line as the status of the resource: what is normal. Not kept under Diagnostics. */
  note(message: string): void;
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

/** Characters of a resource's lines that wait for the engine: a builder may print faster than the engine shows. */
const MAX_PENDING_CHARACTERS = 4 * 1024 * 1024;

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
  const pending = new Map<string, number>();
  const omitted = new Map<string, number>();
  const pendingStatus = new Map<string, NodeJS.Timeout>();

  const send = (severity: LogSeverity, urn: string, message: string, ephemeral: boolean): void => {
    const request = new LogRequest();
    request.setSeverity(severity);
    request.setUrn(urn);
    request.setMessage(message);
    request.setEphemeral(ephemeral);
    pending.set(urn, (pending.get(urn) ?? 0) + message.length);
    const delivered = (lines.get(urn) ?? Promise.resolve()).then(
      () => new Promise<void>((resolve) => void client.log(request, () => resolve())),
    );
    lines.set(urn, delivered);
    void delivered.then(() => {
      pending.set(urn, (pending.get(urn) ?? 0) - message.length);
      if (lines.get(urn) !== delivered) return;
      lines.delete(urn);
      pending.delete(urn);
    });
  };
  const sendLine = (
    urn: string,
    message: string,
    severity = LogSeverity.INFO,
    ephemeral = false,
  ): void => {
    const missing = omitted.get(urn) ?? 0;
    // Lines for `--debug` leave room for those that everyone reads.
    const limit = MAX_PENDING_CHARACTERS / (severity === LogSeverity.DEBUG ? 2 : 1);
    if ((pending.get(urn) ?? 0) > limit) {
      omitted.set(urn, missing + 1);
      return;
    }
    sendOmitted(urn);
    send(severity, urn, message, ephemeral);
  };
  const sendOmitted = (urn: string): void => {
    const missing = omitted.get(urn);
    if (missing === undefined) return;
    omitted.delete(urn);
    send(LogSeverity.INFO, urn, `(${missing} lines are left out: they came too fast)`, false);
  };
  const clearStatus = (urn: string): void => {
    clearTimeout(pendingStatus.get(urn));
    pendingStatus.delete(urn);
  };
  return {
    for: (urn) => ({
      debug: (message) => sendLine(urn, message, LogSeverity.DEBUG),
      info: (message) => sendLine(urn, message),
      note: (message) => {
        // A status that waits is older than this line.
        clearStatus(urn);
        sendLine(urn, message, LogSeverity.INFO, true);
      },
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
      sendOmitted(urn);
      await lines.get(urn);
    },
    close: () => {
      for (const urn of pendingStatus.keys()) clearStatus(urn);
      client.close();
    },
  };
}

const SILENT: ResourceLog = {
  debug: () => undefined,
  info: () => undefined,
  note: () => undefined,
  warn: () => undefined,
  status: () => undefined,
};
