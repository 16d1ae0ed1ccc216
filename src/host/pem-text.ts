/**
 * Matches a PEM block: label and body (RFC 7468). A body cannot contain five dashes; otherwise searching for
 * the end from each of many BEGIN lines would take quadratic time.
 */
export const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----((?:(?!-----)[\s\S])*)-----END \1-----/g;
const BEGIN = '-----BEGIN ';
const MAX_TEXT_LENGTH = 1024 * 1024;
const LINE = /.{1,64}/g;

/**
 * Converts PEM text from CI variables and configuration files to the form that parsers accept. The
 * text may have literal `\n` for line ends, be on one line, be quoted, or be encoded in base64 once
 * more. Any other text is returned unchanged.
 */
export function normalizePem(text: string): string {
  if (text.length > MAX_TEXT_LENGTH) return text;
  const plain = text.includes(BEGIN) ? text : (decodeBase64Pem(text) ?? text);
  if (!plain.includes(BEGIN)) return plain;
  // PEM does not contain backslashes, so this is not ambiguous.
  const lines = plain.replace(/\\r\\n|\\n|\\r/g, '\n').replaceAll('\r\n', '\n');
  return lines
    .replace(/^\s*(["'])([\s\S]*)\1\s*$/, '$2')
    .replace(PEM_BLOCK, (block: string, label: string, body: string) => {
      // Headers are separate lines, and cannot be separated from the body once the lines are joined.
      if (body.includes(':')) return block;
      const wrapped = body.replace(/\s+/g, '').match(LINE) ?? [];
      return [`-----BEGIN ${label}-----`, ...wrapped, `-----END ${label}-----`, ''].join('\n');
    });
}

/** Describes why a text does not contain a PEM block; `undefined` if the reason is not known. */
export function pemFault(text: string): string | undefined {
  const compact = text.trim();
  if (/^M[A-Za-z0-9+/=\s]{60,}$/.test(compact))
    return 'it is base64 without the lines "-----BEGIN ...-----" and "-----END ...-----" around it';
  if (compact.includes(BEGIN) && !compact.includes('-----END '))
    return 'it ends before its "-----END ...-----" line: a variable may contain only the first line';
  if (compact.charCodeAt(0) === 0x30) return 'it is DER, not PEM: convert it with `openssl`';
  return undefined;
}

/** Decodes PEM that was encoded in base64 once more, as secrets in CI systems often are. */
function decodeBase64Pem(text: string): string | undefined {
  const compact = text.replace(/\s+/g, '');
  if (!/^LS0tLS1[A-Za-z0-9+/]+={0,2}$/.test(compact)) return undefined;
  const inner = Buffer.from(compact, 'base64').toString('utf8');
  return inner.includes(BEGIN) ? inner : undefined;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+?)-----END CERTIFICATE-----/;

/** Returns the PEM of a certificate, with a trailing newline as other tools write it. */
export function certificatePem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** Returns the DER of the first certificate in a PEM text, or `undefined` if it does not contain one. */
export function certificateDer(pem: string): Buffer | undefined {
  const body = CERTIFICATE.exec(pem)?.[1];
  return body === undefined ? undefined : Buffer.from(body, 'base64');
}
