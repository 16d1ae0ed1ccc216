import { startTransitEngine, startVault, type TransitKeyType } from '../../dev/vault';
import { processHost } from '../../src/sign';
import { vaultKeys } from '../../src/key/vault/vault-source';
import type { RunningSource, SourceCase } from './source-case';

const TOKEN = 'canary-token-of-vault';

interface Kind {
  readonly ref: string;
  readonly type?: TransitKeyType;
  readonly mount?: string;
  readonly namespace?: string;
  readonly env: (url: string) => NodeJS.ProcessEnv;
}

/** With no more rights than docs/keys/vault.md names, and what cosign needs to verify. */
const policies = (mount: string) =>
  [
    { path: `${mount}/keys/release`, capabilities: ['read'] },
    { path: `${mount}/sign/release/sha2-256`, capabilities: ['update'] },
    { path: `${mount}/verify/release/sha2-256`, capabilities: ['update'] },
  ] as const;

const inVault =
  ({ ref, type, mount = 'transit', namespace, env }: Kind) =>
  async (): Promise<RunningSource> => {
    const vault = await startVault({
      rootToken: 'canary-root-token-of-vault',
      tokens: { [TOKEN]: policies(mount) },
      mount,
      ...(namespace !== undefined && { namespace }),
    });
    vault.makeKey('release', type);
    const variables = env(vault.url);
    return {
      config: { key: { ref } },
      env: variables,
      publicRef: ref,
      cosign: { key: ref, env: variables },
      stop: () => vault.close(),
    };
  };

const hashivault = (url: string) => ({ VAULT_ADDR: url, VAULT_TOKEN: TOKEN });

const inEngine = async (): Promise<RunningSource> => {
  const engine = await startTransitEngine(TOKEN);
  const ref = 'hashivault://release';
  const env = { VAULT_ADDR: engine.url, VAULT_TOKEN: TOKEN };
  await vaultKeys.generate?.(ref, {}, { ...processHost(), env });
  return {
    config: { key: { ref } },
    env,
    publicRef: ref,
    cosign: { key: ref, env },
    stop: () => engine.stop(),
  };
};

/** The transit engine of Vault and OpenBao. */
export const VAULT_CASES: readonly SourceCase[] = [
  { source: "hashivault:// (Vault's transit engine)", against: 'real', start: inEngine },
  {
    source: 'hashivault:// (ECDSA P-256)',
    against: 'double',
    start: inVault({ ref: 'hashivault://release', env: hashivault }),
  },
  {
    source: 'hashivault:// (RSA 2048)',
    against: 'double',
    start: inVault({ ref: 'hashivault://release', type: 'rsa-2048', env: hashivault }),
  },
  {
    source: 'openbao:// (mount path, namespace)',
    against: 'double',
    start: inVault({
      ref: 'openbao://release',
      mount: 'teams/transit',
      namespace: 'build',
      env: (url) => ({
        BAO_ADDR: url,
        BAO_TOKEN: TOKEN,
        VAULT_NAMESPACE: 'build',
        TRANSIT_SECRET_ENGINE_PATH: 'teams/transit',
      }),
    }),
  },
];
