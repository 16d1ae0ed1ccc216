import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/**
 * Makes this process trust an authority, as `NODE_EXTRA_CA_CERTS` does at its start. The SDKs of the
 * clouds talk TLS only, and to hosts whose certificates nobody but the cloud can have.
 *
 * @param ca PEM
 * @returns what takes the trust away again
 */
export function trustAuthority(ca: string): () => void {
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, ca]);
  return () => setDefaultCACertificates(getCACertificates('default').filter((pem) => pem !== ca));
}
