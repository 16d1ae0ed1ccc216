import type { LookupFunction } from 'node:net';

import { SignedImageError } from '../error';
import { checkAccess } from './access';
import { fetchBlob, storeBlob } from './blob-store';
import type { RegistryClient } from './client';
import type { Credentials, CredentialSource } from './credentials';
import {
  type DockerConfigAccess,
  dockerConfigCredentials,
  systemDockerConfig,
} from './docker-config';
import { type DeclaredRegistry, findEndpoint } from './endpoint';
import { removeManifest } from './manifest-removal';
import { fetchManifest, resolveManifest, writeManifest } from './manifest-store';
import type { Repository } from './reference';
import { removeReferrer } from './referrer-removal';
import { writeReferrer } from './referrer-writer';
import { listReferrers } from './referrers';
import { type Clock, DEFAULT_BUDGET, type RetryBudget, SYSTEM_CLOCK } from './retry';
import { TraitsByRepository } from './registry-traits';
import { RegistrySession } from './session';
import { listTags } from './tag-listing';
import { Transport } from './transport';

export interface RegistryClientOptions {
  /** What was declared for one registry; others are reached by docker's config and over https. */
  readonly registry?: DeclaredRegistry | undefined;
  /** Where docker's credentials come from. Default: those of this process. `none`: from nowhere. */
  readonly dockerConfig?: DockerConfigAccess | 'none' | undefined;
  /** Default: `DEFAULT_BUDGET`. */
  readonly budget?: Partial<RetryBudget> | undefined;
  readonly clock?: Partial<Clock> | undefined;
  /** Milliseconds without a byte of an answer, after which there is none. Default: 60000. */
  readonly answerTimeout?: number | undefined;
  /** Default `pulumi-signed-image`. */
  readonly userAgent?: string | undefined;
  /** Resolves host names. Default: the system's. */
  readonly lookup?: LookupFunction | undefined;
}

/**
 * A client for any number of registries, with one pool of connections and one authentication for
 * each. Connections to loopback hosts are plain http (https with a CA), all others https unless
 * `insecure` was declared for the host. `close()` it in the end.
 *
 * @throws SignedImageError `INPUT_INVALID` on `registry.username` or `registry.password` when one
 * is given without the other
 */
export function createRegistryClient(options: RegistryClientOptions = {}): RegistryClient {
  const source = credentialSource(options);
  const clock = { ...SYSTEM_CLOCK, ...options.clock };
  const budget = { ...DEFAULT_BUDGET, ...options.budget };
  const traits = new TraitsByRepository();
  const opened = new Map<string, Promise<{ session: RegistrySession; transport: Transport }>>();

  const open = async (
    registry: string,
  ): Promise<{ session: RegistrySession; transport: Transport }> => {
    const declared = isFor(options.registry, registry) ? options.registry : undefined;
    const endpoint = await findEndpoint(registry, declared);
    const transport = new Transport({
      ca: endpoint.ca,
      userAgent: options.userAgent ?? 'pulumi-signed-image',
      lookup: options.lookup,
      answerTimeout: options.answerTimeout,
    });
    return {
      session: RegistrySession.open({ endpoint, transport, source, budget, clock, traits }),
      transport,
    };
  };
  const sessionOf = async ({ registry }: Repository): Promise<RegistrySession> => {
    let opening = opened.get(registry);
    if (!opening) {
      opening = open(registry);
      opened.set(registry, opening);
    }
    return (await opening).session;
  };

  const close = async (): Promise<void> => {
    const all = await Promise.allSettled(opened.values());
    opened.clear();
    for (const one of all) if (one.status === 'fulfilled') await one.value.transport.close();
  };
  return {
    ...operations(sessionOf),
    traits: (repository) => traits.of(repository),
    task() {
      const began = clock.now();
      const task: RegistryClient = {
        ...operations(async (repository) => (await sessionOf(repository)).task(began)),
        traits: (repository) => traits.of(repository),
        task: () => task,
        close,
      };
      return task;
    },
    close,
  };
}

/** All that is asked of a registry, in the conversation that it is given. */
function operations(
  sessionOf: (repository: Repository) => Promise<RegistrySession>,
): Omit<RegistryClient, 'traits' | 'task' | 'close'> {
  return {
    resolve: async (repository, target) =>
      resolveManifest(await sessionOf(repository), repository, target),
    getManifest: async (repository, target) =>
      fetchManifest(await sessionOf(repository), repository, target),
    putManifest: async (repository, target, bytes, mediaType, conditions) => {
      const session = await sessionOf(repository);
      return (await writeManifest(session, repository, target, bytes, mediaType, conditions))
        .descriptor;
    },
    getBlob: async (repository, descriptor) =>
      fetchBlob(await sessionOf(repository), repository, descriptor),
    putBlob: async (repository, bytes, mediaType) =>
      storeBlob(await sessionOf(repository), repository, bytes, mediaType),
    referrers: async (repository, subject) =>
      listReferrers(await sessionOf(repository), repository, subject),
    putReferrer: async (repository, subject, bytes, mediaType) =>
      writeReferrer(await sessionOf(repository), repository, subject, bytes, mediaType),
    removeManifest: async (repository, digest) =>
      removeManifest(await sessionOf(repository), repository, digest),
    removeReferrer: async (repository, subject, digest) =>
      removeReferrer(await sessionOf(repository), repository, subject, digest),
    tags: async (repository) => listTags(await sessionOf(repository), repository),
    checkAccess: async (repository, access) =>
      checkAccess(await sessionOf(repository), repository, access),
  };
}

/** What was declared comes first, for its own host; docker's config is for all. */
function credentialSource({ registry, dockerConfig }: RegistryClientOptions): CredentialSource {
  const { username, password } = registry ?? {};
  if ((username === undefined) !== (password === undefined)) {
    const missing = username === undefined ? 'username' : 'password';
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      property: `registry.${missing}`,
      message: `registry ${registry?.host}: username and password go together; ${missing} is missing`,
    });
  }
  const declared: Credentials | undefined =
    username !== undefined && password !== undefined
      ? { kind: 'password', username, password, source: 'registry.username' }
      : undefined;
  const configured: CredentialSource =
    dockerConfig === 'none'
      ? async () => undefined
      : dockerConfigCredentials(dockerConfig ?? systemDockerConfig());
  return async (asked) => (declared && isFor(registry, asked) ? declared : configured(asked));
}

const HUB_NAMES: readonly string[] = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

function isFor(declared: DeclaredRegistry | undefined, registry: string): boolean {
  const host = declared?.host.toLowerCase() ?? '';
  return host === registry || (HUB_NAMES.includes(host) && HUB_NAMES.includes(registry));
}
