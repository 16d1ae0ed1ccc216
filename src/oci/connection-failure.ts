import { messageOf, SignedImageError } from '../error';
import { systemErrorCode } from './system-error';

/** No answer came. `transient`: asking again may help. */
export class ConnectionFailure extends SignedImageError {
  readonly transient: boolean;

  constructor(url: URL, cause: unknown) {
    super({ ...tell(url, cause), cause });
    this.name = 'SignedImageError';
    this.transient = this.code === 'REGISTRY_UNAVAILABLE' && systemErrorCode(cause) !== 'ENOTFOUND';
  }
}

function tell(
  url: URL,
  cause: unknown,
): { code: 'REGISTRY_INSECURE' | 'REGISTRY_UNAVAILABLE'; message: string } {
  const code = systemErrorCode(cause);
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|^EPROTO/.test(code)) {
    return {
      code: 'REGISTRY_INSECURE',
      message: `${url.host} does not speak https; if plain http is meant, set registry.insecure to true`,
    };
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ISSUER/.test(code)) {
    return {
      code: 'REGISTRY_INSECURE',
      message: `the certificate of ${url.host} is not trusted (${code}); name its authority with registry.caFile`,
    };
  }
  const hint =
    url.protocol === 'https:' ? ' (if it speaks plain http only, set registry.insecure)' : '';
  return {
    code: 'REGISTRY_UNAVAILABLE',
    message: `${url.host} gave no answer: ${messageOf(cause) || code}${hint}`,
  };
}
