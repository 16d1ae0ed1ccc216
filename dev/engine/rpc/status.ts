import { status, type ServiceError, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { ErrorResourceInitFailed } from '@pulumi/pulumi/proto/provider_pb';
import { InputPropertiesError } from '@pulumi/pulumi/proto/errors_pb';
import { Status } from '@pulumi/pulumi/proto/status_pb';

/**
 * The run has failed and starts no further step. Sent as UNAVAILABLE: on this status only, the SDK (in program and plugin)
 * does not print a stack trace for every unresolved value.
 */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

/** Any other error response: the SDK throws it in the program. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: status;

  constructor(code: status, message: string) {
    super(message);
    this.code = code;
  }
}

export const isServiceError = (error: unknown): error is ServiceError =>
  error instanceof Error && 'code' in error && 'details' in error && 'metadata' in error;

/** The error message of the other side, without gRPC's prefix. */
export const messageOf = (error: unknown): string => {
  if (isServiceError(error)) return error.details === '' ? error.message : error.details;
  return error instanceof Error ? error.message : String(error);
};

/** Wraps a promise-returning handler for grpc-js. */
export const unary =
  <Request, Response>(handle: (request: Request) => Promise<Response>) =>
  (call: ServerUnaryCall<Request, Response>, answer: sendUnaryData<Response>): void => {
    handle(call.request).then(
      (response) => answer(null, response),
      (error: unknown) => {
        if (error instanceof Stopped) {
          answer({ code: status.UNAVAILABLE, details: 'the engine is shutting down' });
        } else {
          const code = error instanceof Refused ? error.code : status.UNKNOWN;
          answer({ code, details: messageOf(error) });
        }
      },
    );
  };

/** Structured details are in the `grpc-status-details-bin` trailer, a serialized google.rpc.Status. */
const detailOf = (error: unknown, type: string): Uint8Array | undefined => {
  if (!isServiceError(error)) return undefined;
  const [trailer] = error.metadata.get('grpc-status-details-bin');
  if (!(trailer instanceof Uint8Array)) return undefined;
  const details = Status.deserializeBinary(trailer).getDetailsList();
  return details.find((detail) => detail.getTypeName() === type)?.getValue_asU8();
};

export const initFailureOf = (error: unknown): ErrorResourceInitFailed | undefined => {
  const bytes = detailOf(error, 'pulumirpc.ErrorResourceInitFailed');
  return bytes === undefined ? undefined : ErrorResourceInitFailed.deserializeBinary(bytes);
};

export interface PropertyFailure {
  readonly property: string;
  readonly reason: string;
}

/** The invalid properties that a component's constructor reported. */
export const propertyFailuresOf = (error: unknown): readonly PropertyFailure[] => {
  const bytes = detailOf(error, 'pulumirpc.InputPropertiesError');
  if (bytes === undefined) return [];
  return InputPropertiesError.deserializeBinary(bytes)
    .getErrorsList()
    .map((item) => ({ property: item.getPropertyPath(), reason: item.getReason() }));
};
