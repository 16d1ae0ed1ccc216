import { messageOf, SignedImageError } from '../error';
import { ProxyError } from './proxy-error';
import { systemErrorCode } from './system-error';

export interface ConnectionFailureOptions {
  /** The connection had been idle, and ended without a byte of this answer. Default: no. */
  readonly stale?: boolean;
}

/** What is so again, however often it is asked: no such host, TLS that does not fit, our own request. */
const LASTING = /^(ENOTFOUND$|HPE_HEADER_OVERFLOW$|ERR_)/;
/** And of these, what another time may be otherwise. */
const PASSING = /^ERR_(STREAM_|SSL_.*(INTERNAL_ERROR|BAD_RECORD_MAC))/;

/** Certificates that are not valid or not trusted. */
const CERTIFICATE =
  /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ISSUER|^INVALID_(CA|PURPOSE)|TOO_SMALL|TOO_WEAK/;

/** No answer came. `transient`: asking again may help. */
export class ConnectionFailure extends SignedImageError {
  readonly transient: boolean;
  /** Most likely the server closed it for its idleness: another attempt need not wait. */
  readonly stale: boolean;

  constructor(url: URL, cause: unknown, { stale = false }: ConnectionFailureOptions = {}) {
    const code = systemErrorCode(cause);
    super({ ...describeFailure(url, cause, code), cause: withoutRawPacket(cause) });
    this.name = 'SignedImageError';
    this.transient =
      this.code === 'REGISTRY_UNAVAILABLE' && (!LASTING.test(code) || PASSING.test(code));
    this.stale = stale;
  }
}

function describeFailure(
  url: URL,
  cause: unknown,
  code: string,
): {
  code: 'REGISTRY_INSECURE' | 'REGISTRY_UNAVAILABLE' | 'REGISTRY_PROTOCOL';
  message: string;
} {
  if (cause instanceof ProxyError) {
    const message = `${url.host} is not reached: ${cause.message}`;
    return CERTIFICATE.test(code)
      ? {
          code: 'REGISTRY_INSECURE',
          message: `${message}; add the authority of the proxy's certificate to the system's, or name it by NODE_EXTRA_CA_CERTS`,
        }
      : {
          code: 'REGISTRY_UNAVAILABLE',
          // What a proxy answers has its own advice.
          message: /PROXY/.test(code)
            ? message
            : `${message}; check that it runs, or list ${url.hostname} in NO_PROXY`,
        };
  }
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|^EPROTO/.test(code)) {
    return {
      code: 'REGISTRY_INSECURE',
      message: `${url.host} does not speak https; if plain http is meant, set registry.insecure to true`,
    };
  }
  if (url.protocol === 'http:' && isTlsInstead(cause, code)) {
    return { code: 'REGISTRY_INSECURE', message: speaksTls(url) };
  }
  if (/^ERR_TLS_CERT_ALTNAME/.test(code)) {
    return {
      code: 'REGISTRY_INSECURE',
      message: `the certificate of ${url.host} is for another host name (${messageOf(cause)}); use the name that it is for, or have it issued for this one`,
    };
  }
  if (/^CERT_(HAS_EXPIRED|NOT_YET_VALID)/.test(code)) {
    return {
      code: 'REGISTRY_INSECURE',
      message: `the certificate of ${url.host} is ${code === 'CERT_HAS_EXPIRED' ? 'expired' : 'not valid yet'}: have it renewed, and check the clock of this machine`,
    };
  }
  if (CERTIFICATE.test(code)) {
    return {
      code: 'REGISTRY_INSECURE',
      message: `the certificate of ${url.host} is not trusted (${code}); name its authority with registry.caFile, or add it to the system's`,
    };
  }
  if (code === 'ERR_INVALID_CHAR') {
    return {
      code: 'REGISTRY_PROTOCOL',
      message: `request to ${url.host} contains an invalid header value: ${messageOf(cause)}`,
    };
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return {
      code: 'REGISTRY_UNAVAILABLE',
      message: `the name ${url.hostname} does not resolve (${code}); check its spelling and the name service`,
    };
  }
  return {
    code: 'REGISTRY_UNAVAILABLE',
    message: `${url.host} gave no answer: ${messageOf(cause) || code}${hintOf(url, code)}`,
  };
}

/** What to do. Where nothing listens for https, plain http may be served at its own port. */
function hintOf(url: URL, code: string): string {
  // Some TLS servers, Node's for one, close without a word what speaks plain http to them.
  if (url.protocol === 'http:' && code === 'ECONNRESET')
    return ' (if it speaks TLS, set registry.caFile to the certificate of its authority)';
  const isClosed = code === 'ECONNREFUSED' || code === 'ETIMEDOUT';
  return url.protocol === 'https:' && url.port === '' && isClosed
    ? ' (if it speaks plain http only, set registry.insecure)'
    : '; check its address, that it runs, and the network, proxy and firewall between, then run again';
}

/** A TLS server answers plain http with an alert record, and Node's parser has kept what came. */
function isTlsInstead(cause: unknown, code: string): boolean {
  if (!code.startsWith('HPE_')) return false;
  const packet =
    typeof cause === 'object' && cause !== null && 'rawPacket' in cause
      ? cause.rawPacket
      : undefined;
  return Buffer.isBuffer(packet) && packet[0] === TLS_ALERT && packet[1] === TLS_MAJOR;
}

/** https://www.rfc-editor.org/rfc/rfc8446#section-5.1 */
const TLS_ALERT = 21;
const TLS_MAJOR = 3;

/** The advice for plain http that a TLS server was spoken to in. */
export function speaksTls({ host }: URL): string {
  return `${host} speaks TLS, and was spoken to in plain http, as registries on loopback are; set registry.caFile to the certificate of its authority (and leave registry.insecure unset)`;
}

/** Once it is known whether it was TLS. */
function withoutRawPacket(cause: unknown): unknown {
  if (typeof cause === 'object' && cause !== null && 'rawPacket' in cause) delete cause.rawPacket;
  return cause;
}
