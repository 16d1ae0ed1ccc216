/**
 * A block of PEM: label and body (RFC 7468). Five dashes end a body: a search for its end from each of many
 * begins would take the square of their number.
 */
export const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----((?:(?!-----)[\s\S])*)-----END \1-----/g;
const BEGIN = '-----BEGIN ';
const MAX_TEXT = 1024 * 1024;
const LINE = /.{1,64}/g;

/**
 * PEM text as it comes out of CI variables and configuration files, in the form that parsers take:
 * literal `\n` for line ends, all on one line, in quotes, or the whole of it once more in base64.
 * What is none of these is returned as it is.
 */
export function normalizePem(text: string): string {
  if (text.length > MAX_TEXT) return text;
  const plain = text.includes(BEGIN) ? text : (decoded(text) ?? text);
  if (!plain.includes(BEGIN)) return plain;
  // A backslash is no character of PEM, so nothing else can be meant.
  const lines = plain.replace(/\\r\\n|\\n|\\r/g, '\n').replaceAll('\r\n', '\n');
  return lines
    .replace(/^\s*(["'])([\s\S]*)\1\s*$/, '$2')
    .replace(PEM_BLOCK, (block: string, label: string, body: string) => {
      // Headers are lines of their own, and cannot be told from the rest once they are not.
      if (body.includes(':')) return block;
      const wrapped = body.replace(/\s+/g, '').match(LINE) ?? [];
      return [`-----BEGIN ${label}-----`, ...wrapped, `-----END ${label}-----`, ''].join('\n');
    });
}

/** What is wrong with a text that should be PEM and holds no block; `undefined`: nothing is known. */
export function pemFault(text: string): string | undefined {
  const compact = text.trim();
  if (/^M[A-Za-z0-9+/=\s]{60,}$/.test(compact))
    return 'it is base64 without the lines "-----BEGIN ...-----" and "-----END ...-----" around it';
  if (compact.includes(BEGIN) && !compact.includes('-----END '))
    return 'it ends before its "-----END ...-----" line: a variable may hold the first line only';
  if (compact.charCodeAt(0) === 0x30) return 'it is DER, and not PEM: convert it with `openssl`';
  return undefined;
}

/** PEM that was encoded once more in base64, as secrets in CI systems often are. */
function decoded(text: string): string | undefined {
  const compact = text.replace(/\s+/g, '');
  if (!/^LS0tLS1[A-Za-z0-9+/]+={0,2}$/.test(compact)) return undefined;
  const inner = Buffer.from(compact, 'base64').toString('utf8');
  return inner.includes(BEGIN) ? inner : undefined;
}

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
