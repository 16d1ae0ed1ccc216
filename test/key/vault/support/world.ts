import { verify } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type RunningVault, startVault, type VaultOptions } from '../../../../dev/vault';
import type { SignedImageError } from '../../../../src/error';
import { processHost } from '../../../../src/host/host';
import { type KeyHost, loadKeySigner } from '../../../../src/key';
import { failureOf } from '../../../sign/support/failure';

export const TOKEN = 'canary-vault-root-token';
export const OTHER = 'canary-vault-other-token';
export const REF = 'hashivault://release';
export const data = Buffer.from('what is signed');

const running: { close(): Promise<void> }[] = [];
const folders: string[] = [];

/** Stopped after the test. */
export function keep(server: { close(): Promise<void> }): void {
  running.push(server);
}

export async function vaultWith(options: Partial<VaultOptions> = {}): Promise<RunningVault> {
  const vault = await startVault({ rootToken: TOKEN, ...options });
  keep(vault);
  vault.makeKey('release');
  return vault;
}

export async function home(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'vault-home-'));
  folders.push(folder);
  return folder;
}

export function hostOf(env: NodeJS.ProcessEnv): KeyHost {
  return { ...processHost(), env: { HOME: '/nonexistent', ...env } };
}

export const at = (vault: RunningVault, env: NodeJS.ProcessEnv = {}): KeyHost =>
  hostOf({ VAULT_ADDR: vault.url, VAULT_TOKEN: TOKEN, ...env });

export async function expectSigned(host: KeyHost, ref = REF): Promise<void> {
  const signer = await loadKeySigner({ ref }, host);
  const { signature } = await signer.sign(data);
  expect(verify('sha256', data, signer.publicKey.pem, signature)).toBe(true);
}

export const refusal = (host: KeyHost, ref = REF): Promise<SignedImageError> =>
  failureOf(loadKeySigner({ ref }, host));

/** For `afterEach`. */
export async function stopAll(): Promise<void> {
  await Promise.all(running.splice(0).map((each) => each.close()));
  await Promise.all(folders.splice(0).map((each) => rm(each, { recursive: true, force: true })));
}
