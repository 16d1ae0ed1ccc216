import type { IdentityHost } from '../identity/token-cache';
import type { CertificateCache } from '../sigstore/certificate-cache';

/** The host and the caches that signing uses. */
export interface SigningHost extends IdentityHost {
  /** The certificates of this run. Default: each signature requests its own. */
  readonly certificates?: CertificateCache | undefined;
}
