import {
  type Fault,
  type Handler,
  type OidcIssuer,
  type RecordedRequest,
  startHttpService,
} from '../sigstore';

/** Issues the tokens of the doubles. */
export type TokenMint = Pick<OidcIssuer, 'url' | 'token'>;

/**
 * A double of a service that issues identity tokens. It implements the real protocol; the issuer of
 * dev/sigstore signs the tokens, under a separate path, so that its Fulcio accepts them.
 */
export interface IdentityDouble {
  /** The environment variables of a workload there. */
  readonly env: Readonly<Record<string, string>>;
  /** The identity that the certificate must have. */
  readonly identity: { readonly identity: string; readonly issuer: string };
  /** Its requests, oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** The fault that it injects; may be changed while it runs. */
  fault: Fault | undefined;
  stop(): Promise<void>;
}

/** Starts the HTTP server of a double. */
export async function startHttpDouble(
  handler: Handler,
): Promise<Pick<IdentityDouble, 'requests' | 'fault' | 'stop'> & { readonly url: string }> {
  const requests: RecordedRequest[] = [];
  const state: { fault: Fault | undefined } = { fault: undefined };
  const { url, close } = await startHttpService({
    name: 'identity',
    handler,
    fault: () => state.fault,
    record: (request) => requests.push(request),
  });
  return {
    url,
    requests,
    get fault() {
      return state.fault;
    },
    set fault(fault) {
      state.fault = fault;
    },
    stop: close,
  };
}

/** A double that consists of environment variables only. */
export function stillDouble(
  env: IdentityDouble['env'],
  identity: IdentityDouble['identity'],
): IdentityDouble {
  return { env, identity, requests: [], fault: undefined, stop: async () => undefined };
}
