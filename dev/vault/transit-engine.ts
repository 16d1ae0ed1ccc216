import { spawn } from 'node:child_process';

import { programPath } from '../services/program-path';

/** Vault's own transit engine, at `transit/`. */
export interface RunningTransitEngine {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts the program that `node dev/tools/build.mjs vault` built: Vault's engine without Vault's tokens
 * and policies (see dev/tools/vault/transit).
 *
 * @param rootToken the only valid token
 */
export async function startTransitEngine(rootToken: string): Promise<RunningTransitEngine> {
  const child = spawn(programPath('vault', 'transit'), [], {
    env: { VAULT_DEV_ROOT_TOKEN_ID: rootToken },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`the transit engine ended (${code})`)));
    child.stdout.once('data', (line: Buffer) => resolve(line.toString('utf8').trim()));
  });
  return {
    url,
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
