import {
  ContentMemory,
  type RegistryClient,
  type RegistryClientOptions,
  type Repository,
  createRegistryClient,
} from '../../oci';
import type { RegistryAccess } from './inputs/declared-registry';
import type { Value } from './protocol/wire-value';
import { BaseDigests, type ContentUses, ReadCache, createContentUses } from './read-cache';
import {
  type SigningHost,
  type SigningMaterialOptions,
  createCertificateCache,
  createTokenCache,
  processHost,
} from '../../sign';
import { SourceCache } from '../../source';

/** How long and how often others are asked. Default: as each of them has it. */
export interface RetryOptions {
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
  readonly looks: ReadCache;
  /** How long and how often Fulcio, Rekor and the timestamp authority are asked. */
  readonly serviceCall?: SigningMaterialOptions['call'];
  /** One client, and one pool of connections, for all that has the same access. */
  registryClient(repository: Repository, access: RegistryAccess): RegistryClient;
  close(): Promise<void>;
}

export function createPluginEnvironment(
  env: NodeJS.ProcessEnv,
  cwd: string,
  { registry: patience, services }: RetryOptions = {},
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
    looks: new ReadCache(),
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

/**
 * Private keys, key passwords and build secrets are taken out of a resource's inputs in `check`,
 * so that they are not in the state, not even encrypted; `create` and `update`, which the engine
 * calls in the same process with what `check` returned, find them here (docs/adr/0004).
 */
interface SecretHandoff {
  put(urn: string, secrets: Readonly<Record<string, Value>>): void;
  take(urn: string): Readonly<Record<string, Value>> | undefined;
}

function createSecretHandoff(): SecretHandoff {
  const kept = new Map<string, Readonly<Record<string, Value>>>();
  return {
    put: (urn, secrets) => void kept.set(urn, secrets),
    // Kept until the process ends: an engine may preview and update, or retry, after one `check`.
    take: (urn) => kept.get(urn),
  };
}
