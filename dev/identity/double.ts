import {
  type Fault,
  type Handler,
  type OidcIssuer,
  type RecordedRequest,
  startHttpService,
} from '../sigstore';

/** What mints the tokens that the doubles hand out. */
export type TokenMint = Pick<OidcIssuer, 'url' | 'token'>;

/**
 * A stand-in for a place that issues identity tokens. It speaks the protocol of the real one; the
 * tokens are by the issuer of dev/sigstore, under a path of its own, so that its Fulcio takes them.
 */
export interface IdentityDouble {
  /** What whoever runs there finds in its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Who the certificate must name. */
  readonly identity: { readonly identity: string; readonly issuer: string };
  /** What it was asked, oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** What it does instead of its work; may be changed while it runs. */
  fault: Fault | undefined;
  stop(): Promise<void>;
}

/** Starts the HTTP half of a double. */
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

/** A double that is nothing but an environment. */
export function stillDouble(
  env: IdentityDouble['env'],
  identity: IdentityDouble['identity'],
): IdentityDouble {
  return { env, identity, requests: [], fault: undefined, stop: async () => undefined };
}
