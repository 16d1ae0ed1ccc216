import { getCACertificates, setDefaultCACertificates } from 'node:tls';

let own: readonly string[] | undefined;
const trusted = new Set<string>();

function trust(): void {
  own ??= getCACertificates('default');
  setDefaultCACertificates([...own, ...trusted]);
}

/**
 * Makes this process trust an authority, as `NODE_EXTRA_CA_CERTS` does at its start. The SDKs of the
 * clouds talk TLS only, and to hosts whose certificates nobody but the cloud can have.
 *
 * @param ca PEM
 * @returns what takes the trust away again
 */
export function trustAuthority(ca: string): () => void {
  trusted.add(ca);
  trust();
  return () => {
    trusted.delete(ca);
    trust();
  };
}
