import { readFile } from 'node:fs/promises';

import { createRegistryClient, type RegistryClient } from '../../oci';
import type { DeclaredRegistry } from './declared-registry';
import { createSecretHandoff, type SecretHandoff } from './secret-handoff';

/** The world as the plugin's resources see it. */
export interface PluginEnvironment {
  readonly env: NodeJS.ProcessEnv;
  /** The program's folder: relative paths in a program start there. */
  readonly cwd: string;
  readonly now: () => Date;
  readonly readFile: (path: string) => Promise<Buffer>;
  readonly handoff: SecretHandoff;
  /** One client, and one connection pool, for all that has the same access. */
  registryClient(access: DeclaredRegistry): RegistryClient;
  close(): Promise<void>;
}

export function createPluginEnvironment(env: NodeJS.ProcessEnv, cwd: string): PluginEnvironment {
  const clients = new Map<string, RegistryClient>();
  return {
    env,
    cwd,
    now: () => new Date(),
    readFile: (path) => readFile(path),
    handoff: createSecretHandoff(),
    registryClient: (access) => {
      const key = JSON.stringify(access);
      const known = clients.get(key);
      if (known) return known;
      const client = createRegistryClient(access);
      clients.set(key, client);
      return client;
    },
    close: async () => {
      await Promise.all([...clients.values()].map((client) => client.close()));
      clients.clear();
    },
  };
}
