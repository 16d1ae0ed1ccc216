import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { SignedImageError } from '../../error';
import { parseBoundedJson } from '../../http/json-bounds';
import { isLoopbackOrHttps, normalizeServiceUrl, serviceUrlFault } from '../../http/service-url';
import type { KeyHost } from '../backend';

/** How the server's certificate is verified, and the client certificate. */
export interface VaultTls {
  /** PEM; replaces the system's roots, as with Vault's own client. */
  readonly ca: readonly string[] | undefined;
  readonly rejectUnauthorized: boolean;
  readonly servername: string | undefined;
  /** PEM, for servers that require a client certificate. The key is a secret. */
  readonly client: { readonly cert: string; readonly key: string } | undefined;
}

/** The connection settings of the transit engine. */
export interface VaultSettings {
  /** Without a trailing slash. */
  readonly address: string;
  /** Without leading and trailing slashes. */
  readonly mount: string;
  readonly namespace: string | undefined;
  /** From `VAULT_KEY_PREFIX`; default: the latest. */
  readonly version: number | undefined;
  /** Of `VAULT_PROXY_ADDR`, with the variable that holds it. May hold a password. */
  readonly proxy: { readonly name: string; readonly value: string } | undefined;
  readonly followRedirects: boolean;
  /** Additional headers from `VAULT_HEADERS`, which may be secrets (for a gateway in front of Vault). */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: VaultTls;
}

export type VaultHost = Pick<KeyHost, 'env' | 'readFile'>;
type Env = KeyHost['env'];

const DEFAULT_MOUNT = 'transit';

export function misconfigured(message: string, cause?: unknown): SignedImageError {
  return new SignedImageError({ code: 'KEY_SERVICE_FAILED', message, cause });
}

/** Reads `VAULT_x`, else `BAO_x`: cosign's order, for both kinds of reference. */
export function vaultVariable(env: Env, name: string): { name: string; value: string } | undefined {
  for (const variable of [`VAULT_${name}`, `BAO_${name}`]) {
    const value = env[variable]?.trim();
    if (value !== undefined && value !== '') return { name: variable, value };
  }
  return undefined;
}

function isOn(env: Env, name: string): boolean {
  const variable = vaultVariable(env, name);
  if (variable === undefined) return false;
  // The values that Go's strconv.ParseBool accepts.
  if (/^(1|t|true)$/i.test(variable.value)) return true;
  if (/^(0|f|false)$/i.test(variable.value)) return false;
  throw misconfigured(`${variable.name} must be true or false`);
}

function addressOf(env: Env): string {
  const variable = vaultVariable(env, 'ADDR');
  if (variable === undefined) {
    throw misconfigured(
      'neither VAULT_ADDR nor BAO_ADDR is set; it must be the address of Vault or OpenBao, such as https://vault.example.com:8200',
    );
  }
  const fault = serviceUrlFault(variable.value, { carriesSecret: false });
  if (fault !== undefined) throw misconfigured(`${variable.name} ${fault}`);
  if (!isLoopbackOrHttps(new URL(variable.value))) {
    throw misconfigured(
      `${variable.name} must be an https address: the token is sent there (plain http is for this machine only)`,
    );
  }
  return normalizeServiceUrl(variable.value);
}

function mountOf(env: Env): string {
  const mount = (env['TRANSIT_SECRET_ENGINE_PATH'] ?? '').trim().replace(/^\/+|\/+$/g, '');
  if (mount === '') return DEFAULT_MOUNT;
  if (!mount.split('/').every((part) => /^[\w.-]+$/.test(part) && !/^\.+$/.test(part))) {
    throw misconfigured(
      'TRANSIT_SECRET_ENGINE_PATH must be the path at which the transit engine is mounted, such as transit or teams/build/transit',
    );
  }
  return mount;
}

function namespaceOf(env: Env): string | undefined {
  const variable = vaultVariable(env, 'NAMESPACE');
  if (variable !== undefined && !/^[\x21-\x7e]+$/.test(variable.value)) {
    throw misconfigured(`${variable.name} must be the path of a namespace, such as teams/build`);
  }
  return variable?.value;
}

function versionOf(env: Env): number | undefined {
  const prefix = (env['VAULT_KEY_PREFIX'] ?? '').trim();
  if (prefix === '') return undefined;
  const version = /^vault:v([1-9]\d{0,8}):$/.exec(prefix)?.[1];
  if (version === undefined) {
    throw misconfigured('VAULT_KEY_PREFIX must name a version of the key as in vault:v2:');
  }
  return Number(version);
}

function headersOf(env: Env): Record<string, string> {
  const variable = vaultVariable(env, 'HEADERS');
  if (variable === undefined) return {};
  const invalid = misconfigured(
    `${variable.name} must be a JSON object of header names and string values, without Vault's own headers (X-Vault-...)`,
  );
  let value: unknown;
  try {
    value = parseBoundedJson(variable.value);
  } catch {
    // A JSON error quotes the text around it.
    throw invalid;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid;
  const headers = Object.entries(value);
  const isValid = ([name, text]: [string, unknown]): boolean =>
    /^[\w-]+$/.test(name) &&
    !/^x-vault-/i.test(name) &&
    typeof text === 'string' &&
    /^[\x20-\x7e]*$/.test(text);
  if (!headers.every(isValid)) throw invalid;
  return Object.fromEntries(headers) as Record<string, string>;
}

async function textAt(path: string, variable: string, { readFile }: VaultHost): Promise<string> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw misconfigured(
      `the file ${path} of ${variable} cannot be read (${code ?? 'unknown error'})`,
      error,
    );
  }
}

async function fileOf(host: VaultHost, name: string): Promise<string | undefined> {
  const variable = vaultVariable(host.env, name);
  return variable && textAt(variable.value, variable.name, host);
}

async function authoritiesOf(host: VaultHost): Promise<readonly string[] | undefined> {
  const file = await fileOf(host, 'CACERT');
  if (file !== undefined) return [file];
  const text = vaultVariable(host.env, 'CACERT_BYTES');
  if (text !== undefined) return [text.value];
  const folder = vaultVariable(host.env, 'CAPATH');
  if (folder === undefined) return undefined;
  try {
    const names = (await readdir(folder.value)).sort();
    return await Promise.all(
      names.map((name) => textAt(join(folder.value, name), folder.name, host)),
    );
  } catch (error) {
    if (error instanceof SignedImageError) throw error;
    throw misconfigured(`the folder ${folder.value} of ${folder.name} cannot be read`, error);
  }
}

async function tlsOf(host: VaultHost): Promise<VaultTls> {
  const [ca, cert, key] = await Promise.all([
    authoritiesOf(host),
    fileOf(host, 'CLIENT_CERT'),
    fileOf(host, 'CLIENT_KEY'),
  ]);
  if ((cert === undefined) !== (key === undefined)) {
    throw misconfigured('VAULT_CLIENT_CERT and VAULT_CLIENT_KEY belong together; set both or none');
  }
  return {
    ca,
    rejectUnauthorized: !isOn(host.env, 'SKIP_VERIFY'),
    servername: vaultVariable(host.env, 'TLS_SERVER_NAME')?.value,
    client: cert !== undefined && key !== undefined ? { cert, key } : undefined,
  };
}

/**
 * Reads the settings of Vault or OpenBao from the environment, by the names that Vault's own client uses.
 *
 * @throws SignedImageError `KEY_SERVICE_FAILED`
 */
export async function readVaultSettings(host: VaultHost): Promise<VaultSettings> {
  const { env } = host;
  return {
    address: addressOf(env),
    mount: mountOf(env),
    namespace: namespaceOf(env),
    version: versionOf(env),
    proxy: vaultVariable(env, 'PROXY_ADDR') ?? vaultVariable(env, 'HTTP_PROXY'),
    followRedirects: !isOn(env, 'DISABLE_REDIRECTS'),
    headers: headersOf(env),
    tls: await tlsOf(host),
  };
}
