import { LogRequest, LogSeverity } from '@pulumi/pulumi/proto/engine_pb';
import { EngineClient } from '@pulumi/pulumi/proto/engine_grpc_pb';

import { grpc } from './pulumi-grpc';

/** The engine's log, for one resource. */
export interface ResourceLog {
  /** A line that stays. */
  info(message: string): void;
  warn(message: string): void;
  /** Progress: shown while it is true, if that is for a while, and not kept. */
  status(message: string): void;
}

export interface EngineLog {
  for(urn: string): ResourceLog;
  /** Resolves when all that was logged for a resource has arrived. */
  flush(urn: string): Promise<void>;
  close(): void;
}

/** Characters of a resource's lines that wait for the engine: a builder may print faster than that shows. */
const MAX_WAITING = 4 * 1024 * 1024;

/** Milliseconds that a step takes before it is told: what is over sooner is no news. */
const STATUS_AFTER = 200;

/**
 * Logs to the engine at this address. The SDK's own `log` has no engine address in CRUD calls
 * (it prints to stdout), so this is a client of our own. A line that cannot be delivered is
 * dropped: a log must not fail a signature.
 */
export function createEngineLog(address: string | undefined): EngineLog {
  if (!address) return { for: () => SILENT, flush: async () => undefined, close: () => undefined };
  const client = new EngineClient(address, grpc.credentials.createInsecure());
  // The lines of one resource one after the other: the engine shows them as they arrive.
  const lines = new Map<string, Promise<void>>();
  const waiting = new Map<string, number>();
  const leftOut = new Map<string, number>();
  const steps = new Map<string, NodeJS.Timeout>();

  const send = (severity: LogSeverity, urn: string, message: string, ephemeral: boolean): void => {
    const request = new LogRequest();
    request.setSeverity(severity);
    request.setUrn(urn);
    request.setMessage(message);
    request.setEphemeral(ephemeral);
    waiting.set(urn, (waiting.get(urn) ?? 0) + message.length);
    const arrived = (lines.get(urn) ?? Promise.resolve()).then(
      () => new Promise<void>((resolve) => void client.log(request, () => resolve())),
    );
    lines.set(urn, arrived);
    void arrived.then(() => {
      waiting.set(urn, (waiting.get(urn) ?? 0) - message.length);
      if (lines.get(urn) !== arrived) return;
      lines.delete(urn);
      waiting.delete(urn);
    });
  };
  const tell = (urn: string, message: string): void => {
    const missing = leftOut.get(urn) ?? 0;
    if ((waiting.get(urn) ?? 0) > MAX_WAITING) return void leftOut.set(urn, missing + 1);
    tellLeftOut(urn);
    send(LogSeverity.INFO, urn, message, false);
  };
  const tellLeftOut = (urn: string): void => {
    const missing = leftOut.get(urn);
    if (missing === undefined) return;
    leftOut.delete(urn);
    send(LogSeverity.INFO, urn, `(${missing} lines are left out: they came too fast)`, false);
  };
  const dropStep = (urn: string): void => {
    clearTimeout(steps.get(urn));
    steps.delete(urn);
  };
  return {
    for: (urn) => ({
      info: (message) => tell(urn, message),
      warn: (message) => send(LogSeverity.WARNING, urn, message, false),
      status: (message) => {
        dropStep(urn);
        const show = (): void => {
          steps.delete(urn);
          send(LogSeverity.INFO, urn, message, true);
        };
        steps.set(urn, setTimeout(show, STATUS_AFTER).unref());
      },
    }),
    flush: async (urn) => {
      dropStep(urn);
      tellLeftOut(urn);
      await lines.get(urn);
    },
    close: () => {
      for (const urn of steps.keys()) dropStep(urn);
      client.close();
    },
  };
}

const SILENT: ResourceLog = {
  info: () => undefined,
  warn: () => undefined,
  status: () => undefined,
};
