import {
  ContentMemory,
  createRegistryClient,
  type RegistryClient,
  type RegistryClientOptions,
  type Repository,
} from '../../oci';
import {
  createCertificateCache,
  createTokenCache,
  processHost,
  type SigningHost,
  type SigningMaterialOptions,
} from '../../sign';
import { SourceCache } from '../../source';
import { BaseDigests } from './base-digests';
import { type ContentUses, createContentUses } from './content-uses';
import type { RegistryAccess } from './inputs/declared-registry';
import { SharedLooks } from './read-cache';
import { createSecretHandoff, type SecretHandoff } from './protocol/secret-handoff';

/** How long and how often others are asked. Default: as each of them has it. */
export interface Patience {
  readonly registry?: Pick<RegistryClientOptions, 'budget' | 'clock' | 'answerTimeout'>;
  readonly services?: SigningMaterialOptions['call'];
}

/** The world as the plugin's resources see it. */
export interface PluginEnvironment {
  readonly env: NodeJS.ProcessEnv;
  /** The program's folder: relative paths in a program start there. */
  readonly cwd: string;
  /** Files, clock and network for keys, tokens and trust material. */
  readonly host: SigningHost;
  readonly handoff: SecretHandoff;
  /** What must not be deleted, because a resource of this run rests on it. */
  readonly uses: ContentUses;
  /** What the bases of this run's images stand for. */
  readonly bases: BaseDigests;
  /** Hashes of the files of work trees, which several images may share. */
  readonly sourceCache: SourceCache;
  /** What one resource has just seen, for the next one that looks at the same. */
  readonly looks: SharedLooks;
  /** How long and how often Fulcio, Rekor and the timestamp authority are asked. */
  readonly serviceCall?: SigningMaterialOptions['call'];
  /** One client, and one pool of connections, for all that has the same access. */
  registryClient(repository: Repository, access: RegistryAccess): RegistryClient;
  close(): Promise<void>;
}

export function createPluginEnvironment(
  env: NodeJS.ProcessEnv,
  cwd: string,
  { registry: patience, services }: Patience = {},
): PluginEnvironment {
  const clients = new Map<string, RegistryClient>();
  return {
    env,
    cwd,
    host: {
      ...processHost(),
      env,
      tokens: createTokenCache(),
      certificates: createCertificateCache(),
    },
    handoff: createSecretHandoff(),
    uses: createContentUses(),
    bases: new BaseDigests(),
    sourceCache: new SourceCache(),
    looks: new SharedLooks(),
    ...(services && { serviceCall: services }),
    registryClient: ({ registry: host }, access) => {
      const declared = { host, ...access };
      const key = JSON.stringify(declared);
      const known = clients.get(key);
      if (known) return known;
      const contents = new ContentMemory();
      const client = createRegistryClient({ ...patience, registry: declared, contents });
      clients.set(key, client);
      return client;
    },
    close: async () => {
      await Promise.all([...clients.values()].map((client) => client.close()));
      clients.clear();
    },
  };
}
