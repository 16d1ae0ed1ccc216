import { readFile } from 'node:fs/promises';

import { SignedImageError } from '../error';
import { normalizePem } from '../host/pem-text';
import { systemErrorCode } from '../http/system-error';
import type { ClientCertificate } from '../http/tls-options';
import { isPair } from './registry-certificates';

export interface DeclaredClientCertificate {
  readonly host: string;
  /** PEM text, or the path of a PEM file. */
  readonly clientCertificate?: string | undefined;
  /** PEM text, or the path of a PEM file. A secret. */
  readonly clientKey?: string | undefined;
}

/**
 * The client certificate that was declared for a registry.
 *
 * @throws SignedImageError `INPUT_INVALID` on `registry.clientCertificate` or `registry.clientKey`
 */
export async function declaredCertificate({
  host,
  clientCertificate,
  clientKey,
}: DeclaredClientCertificate): Promise<ClientCertificate | undefined> {
  if (clientCertificate === undefined && clientKey === undefined) return undefined;
  if (clientCertificate === undefined || clientKey === undefined) {
    const missing = clientKey === undefined ? 'clientKey' : 'clientCertificate';
    throw invalid(
      missing,
      `registry ${host}: clientCertificate and clientKey go together; ${missing} is missing`,
    );
  }
  const certificate = await pemOf('clientCertificate', clientCertificate);
  const key = await pemOf('clientKey', clientKey);
  if (/ENCRYPTED/.test(key)) {
    throw invalid(
      'clientKey',
      `registry ${host}: the key is encrypted; give it without a password`,
    );
  }
  if (!isPair(certificate, key)) {
    throw invalid(
      'clientKey',
      `registry ${host}: clientCertificate and clientKey are not a PEM certificate and its private key`,
    );
  }
  return { certificate, key };
}

/** The text of a PEM file, or the PEM text itself. What was declared is never quoted: it may be a key. */
async function pemOf(name: 'clientCertificate' | 'clientKey', declared: string): Promise<string> {
  const text = normalizePem(declared);
  if (text.includes('-----BEGIN ')) return text;
  try {
    return normalizePem(await readFile(declared, 'utf8'));
  } catch (error) {
    const code = systemErrorCode(error) || 'unknown error';
    throw invalid(name, `it is neither PEM text nor the path of a file that can be read (${code})`);
  }
}

function invalid(name: string, message: string): SignedImageError {
  return new SignedImageError({ code: 'INPUT_INVALID', property: `registry.${name}`, message });
}
