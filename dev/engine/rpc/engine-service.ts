import { status } from '@grpc/grpc-js';
import type { IEngineServer } from '@pulumi/pulumi/proto/engine_grpc_pb';
import {
  GetRootResourceResponse,
  LogSeverity,
  RequirePulumiVersionResponse,
  SetRootResourceResponse,
} from '@pulumi/pulumi/proto/engine_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import type { Run } from '../deploy/run';
import type { Severity } from '../types';
import { Refused, unary } from './status';

const SEVERITIES: Readonly<Partial<Record<LogSeverity, Severity>>> = {
  [LogSeverity.INFO]: 'info',
  [LogSeverity.WARNING]: 'warning',
  [LogSeverity.ERROR]: 'error',
};

/** pulumirpc.Engine: logs, and the root resource. */
export const engineService = (run: Run): IEngineServer => ({
  log: unary(async (request) => {
    // Every registration logs debug lines, which are dropped.
    const severity = SEVERITIES[request.getSeverity()];
    if (severity !== undefined) {
      const { urn, message, ephemeral } = request.toObject();
      run.reporter.log(severity, message, urn, ephemeral);
    }
    return new Empty();
  }),
  getRootResource: unary(async () => new GetRootResourceResponse().setUrn(run.root ?? '')),
  setRootResource: unary(async (request) => {
    run.root = request.getUrn();
    return new SetRootResourceResponse();
  }),
  requirePulumiVersion: unary(async () => new RequirePulumiVersionResponse()),
  startDebugging: unary(async () => {
    throw new Refused(status.UNIMPLEMENTED, 'the local engine does not support debugging');
  }),
});
