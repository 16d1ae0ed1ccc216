import {
  ContentMemory,
  type RegistryClient,
  type RegistryClientOptions,
  type Repository,
  createRegistryClient,
} from '../../oci';
import { RunningBuilds } from './build/running-builds';
import type { RegistryAccess } from './inputs/declared-registry';
import type { Value } from './protocol/wire-value';
import { BaseDigests, type ContentUses, ReadCache } from './read-cache';
import { PlannedMoves } from './planned-moves';
import { createPlannedSignatures, createRunUses } from './run-uses';
import {
  type SigningHost,
  type SigningMaterialOptions,
  createCertificateCache,
  createTokenCache,
  processHost,
} from '../../sign';
import { SourceCache } from '../../source';

/** Timeouts and retries of requests. Default: those of each client. */
export interface RetryOptions {
  readonly registry?: Pick<RegistryClientOptions, 'budget' | 'clock' | 'answerTimeout'>;
  readonly services?: SigningMaterialOptions['call'];
}

export interface PluginEnvironmentOptions extends RetryOptions {
  /** Address of the engine, which the processes of all providers of a run share. */
  readonly engine?: string | undefined;
}

/** The environment and the shared caches of the plugin's resources. */
export interface PluginEnvironment {
  readonly env: NodeJS.ProcessEnv;
  /** The program's directory: relative paths in a program are resolved against it. */
  readonly cwd: string;
  /** Files, clock and network for keys, tokens and trust material. */
  readonly host: SigningHost;
  readonly handoff: SecretHandoff;
  /** Content that must not be deleted, because a resource of this run depends on it. */
  readonly uses: ContentUses;
  /** Manifests that a resource would sign, in a preview. */
  readonly planned: ContentUses;
  /** Images that get another repository. */
  readonly moves: PlannedMoves;
  readonly builds: RunningBuilds;
  /** Digests of the base images of this run. */
  readonly bases: BaseDigests;
  /** Hashes of the files in work trees, which several images may share. */
  readonly sourceCache: SourceCache;
  /** Registry responses that one resource has just read, for the next resource that reads the same. */
  readonly readCache: ReadCache;
  /** Timeouts and retries of requests to Fulcio, Rekor and the timestamp authority. */
  readonly serviceCall?: SigningMaterialOptions['call'];
  /** Returns one client, with one connection pool, for all resources with the same access. */
  registryClient(repository: Repository, access: RegistryAccess): RegistryClient;
  /** Ends running builds and closes connections. */
  close(): Promise<void>;
}

export function createPluginEnvironment(
  env: NodeJS.ProcessEnv,
  cwd: string,
  { registry: registryOptions, services, engine }: PluginEnvironmentOptions = {},
): PluginEnvironment {
  const clients = new Map<string, RegistryClient>();
  const builds = new RunningBuilds();
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
    uses: createRunUses(engine),
    planned: createPlannedSignatures(engine),
    moves: new PlannedMoves(),
    builds,
    bases: new BaseDigests(),
    sourceCache: new SourceCache(),
    readCache: new ReadCache(),
    ...(services && { serviceCall: services }),
    registryClient: ({ registry: host }, access) => {
      const declared = { host, ...access };
      const key = JSON.stringify(declared);
      const existing = clients.get(key);
      if (existing) return existing;
      const contents = new ContentMemory();
      const client = createRegistryClient({ ...registryOptions, registry: declared, contents });
      clients.set(key, client);
      return client;
    },
    close: async () => {
      await builds.stop();
      await Promise.all([...clients.values()].map((client) => client.close()));
      clients.clear();
    },
  };
}

/**
 * `check` removes private keys, key passwords and build secrets from a resource's inputs, so that
 * they are not in the state, not even encrypted. `create` and `update`, which the engine calls in
 * the same process with the result of `check`, take them from here (docs/explanation/adr/0004).
 */
interface SecretHandoff {
  put(urn: string, secrets: Readonly<Record<string, Value>>): void;
  take(urn: string): Readonly<Record<string, Value>> | undefined;
}

function createSecretHandoff(): SecretHandoff {
  const secretsByUrn = new Map<string, Readonly<Record<string, Value>>>();
  return {
    put: (urn, secrets) => void secretsByUrn.set(urn, secrets),
    // Kept until the process exits: the engine may preview and update, or retry, after one `check`.
    take: (urn) => secretsByUrn.get(urn),
  };
}
