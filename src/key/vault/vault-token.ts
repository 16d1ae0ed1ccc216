import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

import { SignedImageError } from '../../error';
import { type VaultHost, vaultVariable } from './vault-settings';

/** A token, and its origin as text without secrets. */
export interface VaultToken {
  /** A secret. */
  readonly value: string;
  readonly origin: string;
}

const HELPER_TIMEOUT_MS = 60_000;

function forbidden(message: string, cause?: unknown): SignedImageError {
  return new SignedImageError({ code: 'KEY_FORBIDDEN', message, cause });
}

function homeOf({ env }: VaultHost): string {
  return env['HOME'] || homedir();
}

async function optionalFile(path: string, { readFile }: VaultHost): Promise<string | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw forbidden(`the file ${path} cannot be read (${code ?? 'unknown error'})`, error);
  }
}

/**
 * Returns the program in `token_helper` of Vault's client configuration (`~/.vault`, HCL):
 * https://developer.hashicorp.com/vault/docs/commands/token-helper
 */
async function helperProgram(host: VaultHost): Promise<string | undefined> {
  const path = host.env['VAULT_CONFIG_PATH'] || join(homeOf(host), '.vault');
  const text = await optionalFile(path, host);
  return text && /^\s*"?token_helper"?\s*[=:]\s*"((?:[^"\\\r\n]|\\.)+)"/m.exec(text)?.[1];
}

async function tokenOfHelper(host: VaultHost): Promise<VaultToken | undefined> {
  const program = await helperProgram(host);
  if (program === undefined) return undefined;
  // A name without a folder would be resolved in the current working directory.
  if (!isAbsolute(program)) {
    throw forbidden(
      `the token helper ${program} of Vault's configuration must be an absolute path`,
    );
  }
  const output = await new Promise<string>((resolve, reject) => {
    const options = { env: host.env, timeout: HELPER_TIMEOUT_MS };
    execFile(program, ['get'], options, (error, stdout) => {
      // Its output may be a token, and Node's error repeats it.
      if (error === null) resolve(stdout);
      else
        reject(forbidden(`the token helper ${program} failed (${error.code ?? 'no exit code'})`));
    });
  });
  const value = output.trim();
  return value === '' ? undefined : { value, origin: `the token helper ${program}` };
}

async function tokenOfFile(host: VaultHost): Promise<VaultToken | undefined> {
  const path = join(homeOf(host), '.vault-token');
  const value = (await optionalFile(path, host))?.trim();
  return value ? { value, origin: `the file ${path}` } : undefined;
}

/**
 * Finds the token, in cosign's order: `VAULT_TOKEN`, `BAO_TOKEN`, the token helper, `~/.vault-token`.
 *
 * @throws SignedImageError `KEY_FORBIDDEN`; the message repeats nothing of the token
 */
export async function findVaultToken(host: VaultHost): Promise<VaultToken> {
  const variable = vaultVariable(host.env, 'TOKEN');
  const token =
    (variable && { value: variable.value, origin: variable.name }) ??
    (await tokenOfHelper(host)) ??
    (await tokenOfFile(host));
  if (token === undefined) {
    throw forbidden(
      'no token for Vault was found: neither VAULT_TOKEN nor BAO_TOKEN is set, and ~/.vault-token does not exist; ' +
        'run `vault login` (`bao login`), or set VAULT_TOKEN',
    );
  }
  if (!/^[\x21-\x7e]+$/.test(token.value)) {
    throw forbidden(
      `${token.origin} does not contain a valid token: it has spaces, line breaks or non-ASCII characters`,
    );
  }
  return token;
}
