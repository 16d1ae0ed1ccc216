import { messageOf, SignedImageError } from '../error';
import { systemErrorCode } from './system-error';

export interface ConnectionFailureOptions {
  /** The connection had been idle, and ended without a byte of this answer. Default: no. */
  readonly stale?: boolean;
}

/** What is so again, however often it is asked: no such host, TLS that does not fit, our own request. */
const LASTING = /^(ENOTFOUND$|HPE_HEADER_OVERFLOW$|ERR_)/;
/** And of these, what another time may be otherwise. */
const PASSING = /^ERR_(STREAM_|SSL_.*(INTERNAL_ERROR|BAD_RECORD_MAC))/;

/** No answer came. `transient`: asking again may help. */
export class ConnectionFailure extends SignedImageError {
  readonly transient: boolean;
  /** Most likely the server closed it for its idleness: another attempt need not wait. */
  readonly stale: boolean;

  constructor(url: URL, cause: unknown, { stale = false }: ConnectionFailureOptions = {}) {
    const code = systemErrorCode(cause);
    super({ ...tell(url, cause, code), cause: withoutPacket(cause) });
    this.name = 'SignedImageError';
    this.transient =
      this.code === 'REGISTRY_UNAVAILABLE' && (!LASTING.test(code) || PASSING.test(code));
    this.stale = stale;
  }
}

function tell(
  url: URL,
  cause: unknown,
  code: string,
): {
  code: 'REGISTRY_INSECURE' | 'REGISTRY_UNAVAILABLE' | 'REGISTRY_PROTOCOL';
  message: string;
} {
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|^EPROTO/.test(code)) {
    return {
      code: 'REGISTRY_INSECURE',
      message: `${url.host} does not speak https; if plain http is meant, set registry.insecure to true`,
    };
  }
  if (
    /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ISSUER|^INVALID_(CA|PURPOSE)|TOO_SMALL|TOO_WEAK/.test(
      code,
    )
  ) {
    return {
      code: 'REGISTRY_INSECURE',
      message: `the certificate of ${url.host} is not trusted (${code}); name its authority with registry.caFile`,
    };
  }
  if (code === 'ERR_INVALID_CHAR') {
    return {
      code: 'REGISTRY_PROTOCOL',
      message: `${url.host} cannot be sent what it told or was declared for it: ${messageOf(cause)}`,
    };
  }
  const hint =
    url.protocol === 'https:' ? ' (if it speaks plain http only, set registry.insecure)' : '';
  return {
    code: 'REGISTRY_UNAVAILABLE',
    message: `${url.host} gave no answer: ${messageOf(cause) || code}${hint}`,
  };
}

/** What came instead of HTTP may hold a token, and an error may be printed with all that it has. */
function withoutPacket(cause: unknown): unknown {
  if (typeof cause === 'object' && cause !== null && 'rawPacket' in cause) delete cause.rawPacket;
  return cause;
}
