import { readFile } from 'node:fs/promises';

import { messageOf, SignedImageError } from '../error';
import { normalizePem, pemFault } from '../host/pem-text';
import { isLoopback } from '../http/local-address';
import type { ClientCertificate } from '../http/tls-options';
import { declaredCertificate, type DeclaredClientCertificate } from './declared-certificate';
import { type CertificateFolders, hostCertificates } from './registry-certificates';

/** The registry settings that the user declared. They apply to this host only. */
export interface DeclaredRegistry extends DeclaredClientCertificate {
  /** `host[:port]`, as in `Repository.registry`. */
  readonly host: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Certificates (PEM) to trust in addition to the system's. Implies https, also on loopback. */
  readonly ca?: string | undefined;
  /** Path of a PEM file with the same meaning as `ca`. */
  readonly caFile?: string | undefined;
  /** Use plain http for this host. Otherwise only loopback hosts use plain http. */
  readonly insecure?: boolean | undefined;
}

/** The URL and certificates for requests to a registry. */
export interface Endpoint {
  readonly registry: string;
  /** `http(s)://host[:port]/`. */
  readonly base: URL;
  readonly ca: string | undefined;
  /** Offered to the registry's host. Default: none. */
  readonly client?: ClientCertificate | undefined;
}

// Docker Hub's name in references and in docker's config is not the host of its API.
const API_HOSTS: Readonly<Record<string, string>> = {
  'index.docker.io': 'registry-1.docker.io',
};

/** The folders of `certs.d` in which docker and podman look for Docker Hub's certificates. */
const NAMED_AS: Readonly<Record<string, readonly string[]>> = {
  'index.docker.io': ['docker.io', 'registry-1.docker.io', 'index.docker.io'],
};

/**
 * Certificates that were declared come first, those of `certs.d` folders are added. Either means https.
 *
 * @throws SignedImageError `INPUT_INVALID` on `registry.insecure` (with a CA or a client certificate),
 *   `registry.caFile`, `registry.clientCertificate`, `registry.clientKey`; on `registry` for a `certs.d` folder
 */
export async function findEndpoint(
  registry: string,
  declared: DeclaredRegistry | undefined,
  folders: CertificateFolders = { roots: [] },
): Promise<Endpoint> {
  const declaredCa = declared && (await readAuthority(declared));
  const declaredClient = declared && (await declaredCertificate(declared));
  if ((declaredCa ?? declaredClient) !== undefined && declared?.insecure) {
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      property: 'registry.insecure',
      message: `registry ${registry}: "insecure" means plain http and a CA or a client certificate means https; declare only one of them`,
    });
  }
  const host = API_HOSTS[registry] ?? registry;
  const found = declared?.insecure
    ? undefined
    : await hostCertificates(NAMED_AS[registry] ?? [registry], folders);
  const ca = [declaredCa, found?.ca].filter((pem) => pem !== undefined).join('\n') || undefined;
  const client = declaredClient ?? found?.client;
  const plain =
    (ca ?? client) === undefined &&
    (declared?.insecure === true || isLoopback(new URL(`http://${host}`)));
  return { registry, base: new URL(`${plain ? 'http' : 'https'}://${host}/`), ca, client };
}

async function readAuthority({ host, ca, caFile }: DeclaredRegistry): Promise<string | undefined> {
  if (caFile === undefined) return ca === undefined ? undefined : normalizePem(ca);
  let text: string;
  try {
    text = await readFile(caFile, 'utf8');
  } catch (error) {
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      property: 'registry.caFile',
      message: `registry ${host}: the CA file cannot be read: ${messageOf(error)}`,
    });
  }
  const pem = normalizePem(text);
  if (!/-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----/.test(pem) || pemFault(pem) !== undefined) {
    const fault = pemFault(pem);
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      property: 'registry.caFile',
      message: `registry ${host}: ${caFile} does not contain a PEM certificate ("-----BEGIN CERTIFICATE-----")${fault === undefined ? '' : `: ${fault}`}`,
    });
  }
  return ca === undefined ? pem : `${normalizePem(ca)}\n${pem}`;
}
