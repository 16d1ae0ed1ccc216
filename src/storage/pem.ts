const CERTIFICATE = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+?)-----END CERTIFICATE-----/;

/** PEM of a certificate, with the line end that other tools write. */
export function certificatePem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** DER of the first certificate in a PEM text, or `undefined` where there is none. */
export function certificateDer(pem: string): Buffer | undefined {
  const body = CERTIFICATE.exec(pem)?.[1];
  return body === undefined ? undefined : Buffer.from(body, 'base64');
}
