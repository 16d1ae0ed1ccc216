import type { LookupFunction } from 'node:net';

import { SignedImageError } from '../error';
import { checkAccess } from './access';
import { fetchBlob, fetchBlobParts, isStored, storeBlob } from './blob-store';
import { mountBlob, storeBlobParts } from './blob-transfer';
import type { RegistryClient, TaskOptions } from './client';
import { ContentMemory } from './content-memory';
import type { Credentials, CredentialSource } from './credentials';
import { digestOf, isDigest } from './digest';
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
import { DEFAULT_BUDGET, type RetryBudget } from '../http/retry';
import { type Clock, SYSTEM_CLOCK } from '../host/clock';
import { TraitsByRepository } from './registry-traits';
import { RegistrySession } from './session';
import { listTags } from './tag-listing';
import { FallbackTagCache } from './fallback-tag-cache';
import { proxyRules, type ProxyRules } from '../http/proxy-rules';
import { Transport } from '../http/transport';
import { type CertificateFolders, systemCertificateFolders } from './registry-certificates';

export interface RegistryClientOptions {
  /** The declared settings of one registry; others use logins of docker's config and https. */
  readonly registry?: DeclaredRegistry | undefined;
  /** Source of logins. Default: the auth files of this process's user. `none`: no logins. */
  readonly dockerConfig?: DockerConfigAccess | 'none' | undefined;
  /** Default: `DEFAULT_BUDGET`. */
  readonly budget?: Partial<RetryBudget> | undefined;
  readonly clock?: Partial<Clock> | undefined;
  /** Milliseconds without data after which a response times out. Default: 60000. */
  readonly answerTimeout?: number | undefined;
  /** Cache of content by digest. Default: no cache. */
  readonly contents?: ContentMemory | undefined;
  /** Default `pulumi-signed-image`. */
  readonly userAgent?: string | undefined;
  /** Resolves host names. Default: the system's. */
  readonly lookup?: LookupFunction | undefined;
  /** Default: those of this process's environment (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`). */
  readonly proxies?: ProxyRules | undefined;
  /** Where certificates of registries are found. Default: the `certs.d` folders of docker and podman. */
  readonly certificates?: CertificateFolders | undefined;
}

/**
 * Creates a client for any number of registries, with one connection pool and one authentication for
 * each. Connections to loopback hosts use plain http (https with a CA), all others https unless
 * `insecure` was declared for the host. Call `close()` at the end.
 *
 * @throws SignedImageError `INPUT_INVALID` on `registry.username` or `registry.password` if only one
 * of them is given
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
    const { certificates = systemCertificateFolders() } = options;
    const endpoint = await findEndpoint(registry, declared, certificates);
    const { client } = endpoint;
    const transport = new Transport({
      home: endpoint.base,
      ca: endpoint.ca,
      userAgent: options.userAgent ?? 'pulumi-signed-image',
      lookup: options.lookup,
      answerTimeout: options.answerTimeout,
      proxies: options.proxies ?? proxyRules(process.env),
      tls: client && { client: { ...client, hostname: endpoint.base.hostname } },
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
    for (const result of all)
      if (result.status === 'fulfilled') await result.value.transport.close();
  };
  const { contents } = options;
  return {
    ...operations(sessionOf, contents),
    traits: (repository) => traits.of(repository),
    task({ bypassCache = false }: TaskOptions = {}) {
      const began = clock.now();
      const fallbackTags = new FallbackTagCache();
      const session = async (repository: Repository) =>
        (await sessionOf(repository)).task(began, fallbackTags);
      const task: RegistryClient = {
        ...operations(session, bypassCache ? new ContentMemory() : contents),
        traits: (repository) => traits.of(repository),
        task: () => task,
        close,
      };
      return task;
    },
    close,
  };
}

/** Implements the operations of the client with the given sessions. */
function operations(
  sessionOf: (repository: Repository) => Promise<RegistrySession>,
  contents = new ContentMemory({ capacity: 0 }),
): Omit<RegistryClient, 'traits' | 'task' | 'close'> {
  const written = async <T>(repository: Repository, write: () => Promise<T>): Promise<T> => {
    try {
      return await write();
    } catch (error) {
      // The registry may have lost content that the manifest refers to.
      contents.forget(repository);
      throw error;
    }
  };
  const removed = <T>(repository: Repository, remove: () => Promise<T>): Promise<T> =>
    remove().finally(() => contents.forget(repository));
  return {
    resolve: async (repository, target) =>
      resolveManifest(await sessionOf(repository), repository, target),
    getManifest: async (repository, target) => {
      const read = async () => fetchManifest(await sessionOf(repository), repository, target);
      if (isDigest(target)) return contents.manifest(repository, target, read);
      const found = await read();
      if (found) contents.keepManifest(repository, found);
      return found;
    },
    putManifest: (repository, target, bytes, mediaType, conditions) =>
      written(repository, async () => {
        const session = await sessionOf(repository);
        return (await writeManifest(session, repository, target, bytes, mediaType, conditions))
          .descriptor;
      }),
    getBlob: async (repository, descriptor) => {
      const read = async () => fetchBlob(await sessionOf(repository), repository, descriptor);
      const bytes = await contents.blob(repository, descriptor.digest, read);
      // A descriptor with a different size is read from the registry, which reports the mismatch.
      return bytes === undefined || bytes.length === descriptor.size ? bytes : read();
    },
    getBlobParts: async (repository, descriptor, write) =>
      fetchBlobParts(await sessionOf(repository), repository, descriptor, write),
    putBlob: async (repository, bytes, mediaType) => {
      const digest = digestOf(bytes);
      if (!contents.hasUploaded(repository, digest)) {
        await storeBlob(await sessionOf(repository), repository, bytes, digest);
        contents.noteUpload(repository, digest);
      }
      return { mediaType, digest, size: bytes.length };
    },
    hasBlob: async (repository, { digest, size }) =>
      isStored(await sessionOf(repository), repository, digest, size),
    mountBlob: async (repository, from, digest) =>
      mountBlob(await sessionOf(repository), repository, from, digest),
    putBlobParts: async (repository, digest, read) =>
      storeBlobParts(await sessionOf(repository), repository, digest, read),
    referrers: async (repository, subject, options) =>
      listReferrers(await sessionOf(repository), repository, subject, options),
    putReferrer: (repository, subject, bytes, mediaType) =>
      written(repository, async () =>
        writeReferrer(await sessionOf(repository), repository, subject, bytes, mediaType),
      ),
    removeManifest: (repository, digest) =>
      removed(repository, async () =>
        removeManifest(await sessionOf(repository), repository, digest),
      ),
    removeReferrer: (repository, subject, digest) =>
      removed(repository, async () =>
        removeReferrer(await sessionOf(repository), repository, subject, digest),
      ),
    tags: async (repository) => listTags(await sessionOf(repository), repository),
    checkAccess: async (repository, access, target) => {
      const found = await checkAccess(await sessionOf(repository), repository, access, target);
      if (found) contents.keepManifest(repository, found);
      return found;
    },
  };
}

/** Declared credentials take precedence for their own host; auth files apply to all hosts. */
function credentialSource({ registry, dockerConfig }: RegistryClientOptions): CredentialSource {
  const { username, password } = registry ?? {};
  if ((username === undefined) !== (password === undefined)) {
    const missing = username === undefined ? 'username' : 'password';
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      property: `registry.${missing}`,
      message: `registry ${registry?.host}: username and password must be set together; ${missing} is missing`,
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
  return async (repository, options) =>
    declared && isFor(registry, repository.registry) ? declared : configured(repository, options);
}

const HUB_NAMES: readonly string[] = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

function isFor(declared: DeclaredRegistry | undefined, registry: string): boolean {
  const host = declared?.host.toLowerCase() ?? '';
  return host === registry || (HUB_NAMES.includes(host) && HUB_NAMES.includes(registry));
}
