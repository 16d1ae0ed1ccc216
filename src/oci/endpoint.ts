import { readFile } from 'node:fs/promises';

import { messageOf, SignedImageError } from '../error';
import { normalizePem, pemFault } from '../host/pem-text';
import { isLoopback } from '../http/local-address';
import type { ClientCertificate } from '../http/tls-options';
import { declaredCertificate, type DeclaredClientCertificate } from './declared-certificate';
import { type CertificateFolders, hostCertificates } from './registry-certificates';

/** What the user declared for one registry. It holds for that host and for no other. */
export interface DeclaredRegistry extends DeclaredClientCertificate {
  /** `host[:port]`, as in `Repository.registry`. */
  readonly host: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Certificates (PEM) to trust beside those of the system. Means https, on loopback too. */
  readonly ca?: string | undefined;
  /** Path of a PEM file, as `ca`. */
  readonly caFile?: string | undefined;
  /** Speak plain http with this host. Without it only loopback hosts are spoken to in plain http. */
  readonly insecure?: boolean | undefined;
}

/** Where a registry is reached. */
export interface Endpoint {
  readonly registry: string;
  /** `http(s)://host[:port]/`. */
  readonly base: URL;
  readonly ca: string | undefined;
  /** Offered to the registry's host. Default: none. */
  readonly client?: ClientCertificate | undefined;
}

// Docker Hub's name in references and in docker's config is not the host of its API.
const CONTACTED_AS: Readonly<Record<string, string>> = {
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
      message: `registry ${registry}: "insecure" means plain http and a CA or a client certificate means https; give one of them`,
    });
  }
  const host = CONTACTED_AS[registry] ?? registry;
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
      message: `registry ${host}: ${caFile} holds no PEM certificate ("-----BEGIN CERTIFICATE-----")${fault === undefined ? '' : `: ${fault}`}`,
    });
  }
  return ca === undefined ? pem : `${normalizePem(ca)}\n${pem}`;
}
