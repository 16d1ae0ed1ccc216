import tls from 'node:tls';

/** TLS failures that mean: the authority of a certificate is not known. */
const UNKNOWN_AUTHORITY =
  /^(UNABLE_TO_(GET_ISSUER_CERT|VERIFY)|SELF_SIGNED|DEPTH_ZERO_SELF_SIGNED)/;
const MAX_CAUSES = 5;

/** How often what this process trusts has changed: 0, then 1. */
let changes = 0;
let isDone = false;

/** Connections that are kept may have been made, or refused, before the last change. */
export function authorityChanges(): number {
  return changes;
}

/**
 * Makes this process trust the certificate authorities of the system, as builders do, beside
 * Node's own and those of `NODE_EXTRA_CA_CERTS`. On Linux these are the ones in OpenSSL's folder, or
 * in `SSL_CERT_FILE` and `SSL_CERT_DIR`; elsewhere those of the system's key store.
 *
 * It takes a fifth of a second, so it is done when a certificate was not trusted without.
 */
export function trustSystemAuthorities(): void {
  if (isDone) return;
  isDone = true;
  const known = new Set(tls.getCACertificates('default'));
  const further = tls.getCACertificates('system').filter((authority) => !known.has(authority));
  if (further.length === 0) return;
  tls.setDefaultCACertificates([...known, ...new Set(further)]);
  changes += 1;
}

/** Whether a connection failed because the authority of a certificate is not known. */
export function isUnknownAuthority(error: unknown): boolean {
  let at: unknown = error;
  for (let depth = 0; depth < MAX_CAUSES && typeof at === 'object' && at !== null; depth += 1) {
    if ('code' in at && UNKNOWN_AUTHORITY.test(String(at.code))) return true;
    at = 'cause' in at ? at.cause : undefined;
  }
  return false;
}

/**
 * Runs an attempt, and once more with the system's authorities where Node's own were not enough.
 * Nothing was sent in the first one: a request is written only after the certificate was verified.
 */
export async function withSystemAuthorities<T>(attempt: () => Promise<T>): Promise<T> {
  const before = changes;
  try {
    return await attempt();
  } catch (error) {
    if (!isUnknownAuthority(error)) throw error;
    trustSystemAuthorities();
    if (changes === before) throw error;
    return attempt();
  }
}
