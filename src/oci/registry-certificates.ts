import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import tls from 'node:tls';

import { messageOf, SignedImageError } from '../error';
import { normalizePem } from '../host/pem-text';
import { systemErrorCode } from '../http/system-error';
import type { ClientCertificate } from '../http/tls-options';

/** Where certificates of registries are found, so that tests have it in hand. */
export interface CertificateFolders {
  /** `certs.d` folders; the first one that has a folder for the registry counts. */
  readonly roots: readonly string[];
  /** Default: that of this process. */
  readonly platform?: NodeJS.Platform | undefined;
}

/** What a `certs.d` folder holds for one registry. */
export interface HostCertificates {
  /** PEM: all `*.crt` files. */
  readonly ca: string | undefined;
  /** The first `*.cert` file with its `*.key` file. */
  readonly client: ClientCertificate | undefined;
}

const NONE: HostCertificates = { ca: undefined, client: undefined };

/**
 * The folders of podman and docker, the user's before the system's:
 * https://github.com/containers/image/blob/main/docs/containers-certs.d.5.md and
 * https://docs.docker.com/engine/security/certificates/
 */
export function systemCertificateFolders(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): CertificateFolders {
  if (platform === 'win32') {
    const data = env['PROGRAMDATA'];
    return { roots: data ? [join(data, 'docker', 'certs.d')] : [], platform };
  }
  const home = env['HOME'];
  const own = (name: string): string[] =>
    home ? [join(env['XDG_CONFIG_HOME'] || join(home, '.config'), name, 'certs.d')] : [];
  return {
    roots: [
      ...own('containers'),
      '/etc/containers/certs.d',
      ...own('docker'),
      '/etc/docker/certs.d',
    ],
    platform,
  };
}

/**
 * Reads the certificates of a registry in docker's `certs.d` layout: `<root>/<host[:port]>/` with authorities
 * in `*.crt`, client certificates in `*.cert` and their keys in `*.key`.
 *
 * @param names how the registry may be named: `host[:port]`
 * @throws SignedImageError `INPUT_INVALID` for a file that cannot be read, a certificate without its key, and a
 *   key without its certificate
 */
export async function hostCertificates(
  names: readonly string[],
  { roots, platform = process.platform }: CertificateFolders,
): Promise<HostCertificates> {
  for (const root of roots) {
    for (const name of names) {
      // A colon cannot be part of a folder's name on Windows; docker leaves it out.
      const folder = join(root, platform === 'win32' ? name.replaceAll(':', '') : name);
      const files = await filesIn(folder);
      if (files) return readFolder(folder, files);
    }
  }
  return NONE;
}

/** `undefined` where there is no such folder, or another user's that may not be read, as in podman. */
async function filesIn(folder: string): Promise<readonly string[] | undefined> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(systemErrorCode(error))) return undefined;
    throw invalid(`${folder} cannot be read (${systemErrorCode(error) || messageOf(error)})`);
  }
}

async function readFolder(folder: string, files: readonly string[]): Promise<HostCertificates> {
  const read = async (file: string): Promise<string> => {
    try {
      return normalizePem(await readFile(join(folder, file), 'utf8'));
    } catch (error) {
      throw invalid(`${join(folder, file)} cannot be read (${systemErrorCode(error)})`);
    }
  };
  const named = (extension: string): readonly string[] =>
    files
      .filter((file) => file.endsWith(extension))
      .map((file) => file.slice(0, -extension.length));
  const [certificates, keys] = [named('.cert'), named('.key')];
  const alone = certificates.find((name) => !keys.includes(name));
  if (alone !== undefined)
    throw invalid(`${join(folder, alone)}.cert has no key; add ${alone}.key beside it`);
  const without = keys.find((name) => !certificates.includes(name));
  if (without !== undefined) {
    throw invalid(
      `${join(folder, without)}.key has no certificate; add ${without}.cert beside it (authorities end in .crt)`,
    );
  }
  const authorities = await Promise.all(
    files.filter((file) => file.endsWith('.crt')).map((file) => read(file)),
  );
  const [first] = certificates;
  if (first === undefined) return { ca: joined(authorities), client: undefined };
  const [certificate, key] = [await read(`${first}.cert`), await read(`${first}.key`)];
  if (!isPair(certificate, key)) {
    throw invalid(
      `${join(folder, first)}.cert and .key are not a PEM certificate and its unencrypted key`,
    );
  }
  return { ca: joined(authorities), client: { certificate, key } };
}

function joined(authorities: readonly string[]): string | undefined {
  return authorities.length === 0 ? undefined : authorities.join('\n');
}

/** Whether a certificate and a private key belong together and can be used without a password. */
export function isPair(certificate: string, key: string): boolean {
  try {
    // An empty password: OpenSSL would ask for it on the terminal otherwise.
    tls.createSecureContext({ cert: certificate, key, passphrase: '' });
    return true;
  } catch {
    // OpenSSL's error may quote what it read.
    return false;
  }
}

function invalid(message: string): SignedImageError {
  return new SignedImageError({ code: 'INPUT_INVALID', property: 'registry', message });
}
