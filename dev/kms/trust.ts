import { getCACertificates, setDefaultCACertificates } from 'node:tls';

let own: readonly string[] | undefined;
const trusted = new Set<string>();

function trust(): void {
  own ??= getCACertificates('default');
  setDefaultCACertificates([...own, ...trusted]);
}

/**
 * Adds a trusted authority to this process, as `NODE_EXTRA_CA_CERTS` does at its start. The clouds'
 * SDKs require TLS, with certificates for the clouds' own hosts.
 *
 * @param ca PEM
 * @returns a function that removes the authority
 */
export function trustAuthority(ca: string): () => void {
  trusted.add(ca);
  trust();
  return () => {
    trusted.delete(ca);
    trust();
  };
}
