import type { ServerErrorResponse } from '@grpc/grpc-js';
import { ErrorResourceInitFailed } from '@pulumi/pulumi/proto/provider_pb';
import { Status } from '@pulumi/pulumi/proto/status_pb';

import { messageOf, SignedImageError } from '../../../error';
import { PartialStateError } from './partial-state';
import { Any, grpc, Struct } from './pulumi-grpc';
import { encodeProperties } from './wire-value';

/** Converts an error to the gRPC error that the engine expects. */
export function toServiceError(error: unknown): Partial<ServerErrorResponse> {
  if (!(error instanceof PartialStateError)) {
    const details = formatError(error);
    return { code: grpc.status.UNKNOWN, details, message: details };
  }
  const details = formatError(error.reason);
  const metadata = new grpc.Metadata();
  metadata.add('grpc-status-details-bin', Buffer.from(statusOf(error, details).serializeBinary()));
  return { code: grpc.status.UNKNOWN, details, message: details, metadata };
}

/** Formats an error for the engine to print: property, message and code, without stack and cause. */
export function formatError(error: unknown): string {
  return error instanceof SignedImageError
    ? `${error.property ? `${error.property}: ` : ''}${error.message} [${error.code}]`
    : `internal error of pulumi-signed-image: ${messageOf(error)} [INTERNAL]`;
}

/**
 * Details of an error travel as a `google.rpc.Status` in a trailer of that name.
 *
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (Status-Details)
 */
function statusOf({ id, outputs }: PartialStateError, reason: string): Status {
  const failed = new ErrorResourceInitFailed();
  failed.setId(id);
  failed.setProperties(
    Struct.fromJavaScript(encodeProperties(outputs) as Parameters<typeof Struct.fromJavaScript>[0]),
  );
  failed.setReasonsList([reason]);
  const detail = new Any();
  detail.pack(failed.serializeBinary(), 'pulumirpc.ErrorResourceInitFailed');
  const status = new Status();
  status.setCode(grpc.status.UNKNOWN);
  status.setMessage(reason);
  status.addDetails(detail);
  return status;
}
