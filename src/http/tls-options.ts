import tls from 'node:tls';

/** A certificate by which a server recognizes this client. */
export interface ClientCertificate {
  /** PEM: the certificate, and its intermediates. */
  readonly certificate: string;
  /** PEM, not encrypted. A secret. */
  readonly key: string;
  /** Which host it is offered to. Default: every host of the client. */
  readonly hostname?: string | undefined;
}

export interface TlsOptions {
  /** PEM; trusted instead of Node's own authorities. */
  readonly authorities?: readonly string[] | undefined;
  /** Default: yes. */
  readonly rejectUnauthorized?: boolean | undefined;
  /** The name that certificates are checked for. Default: that of the URL. */
  readonly servername?: string | undefined;
  readonly client?: ClientCertificate | undefined;
}

export function offersClientCertificate(
  options: TlsOptions | undefined,
  hostname: string,
): boolean {
  const client = options?.client;
  return client !== undefined && (client.hostname ?? hostname) === hostname;
}

/**
 * @param ca PEM, trusted beside Node's own authorities
 * @throws Error of OpenSSL where a PEM text cannot be read, or a key is not the certificate's
 */
export function secureContext(
  ca?: string,
  options: TlsOptions = {},
  isOffered = false,
): tls.SecureContext {
  const { authorities, client } = options;
  const trusted =
    authorities ?? (ca === undefined ? undefined : [...tls.getCACertificates('default'), ca]);
  return tls.createSecureContext({
    ...(trusted && { ca: [...trusted] }),
    ...(isOffered && client && { cert: client.certificate, key: client.key }),
  });
}
