import {
  createRegistryClient,
  type DeclaredRegistry,
  type Digest,
  parseReference,
  pinned,
  type Reference,
  type RegistryClient,
  type Repository,
} from '../oci';
import { type Host, processHost } from '../host/host';
import { resolveDigest } from './image-digest';

/** An image in a registry, and how to access it. */
export interface ImageArgs {
  /** `host/repo[:tag]` or `host/repo@sha256:...`; a tag is resolved once. Default tag: `latest`. */
  readonly image: string;
  /** Access to the registry. Default: docker's configuration and credential helpers. */
  readonly registry?: Omit<DeclaredRegistry, 'host' | 'ca'> | undefined;
}

/** The environment of a function of this module. Default: that of this process. */
export interface CoreOptions {
  /** Environment variables, files and clock. */
  readonly host?: Host | undefined;
  /** Registry client, for several calls with one connection pool; the caller closes it. */
  readonly client?: RegistryClient | undefined;
  /** Receives a line for each step. Never has secrets. */
  readonly progress?: ((line: string) => void) | undefined;
  /** Receives warnings. Default: they are dropped. */
  readonly warn?: ((line: string) => void) | undefined;
}

/** An image whose digest is known. */
export interface OpenImage {
  readonly repository: Repository;
  readonly digest: Digest;
  /** `host/repo@sha256:...`. */
  readonly reference: string;
  readonly client: RegistryClient;
  readonly host: Host;
}

/** Resolves an image, and calls `use` with it; a client that was created for it is closed afterwards. */
export async function withImage<Result>(
  { image, registry }: ImageArgs,
  options: CoreOptions,
  use: (image: OpenImage) => Promise<Result>,
): Promise<Result> {
  const given: Reference = parseReference(image);
  const { repository } = given;
  const host = options.host ?? processHost();
  const client =
    options.client ??
    createRegistryClient({ registry: { host: repository.registry, ...registry } });
  try {
    const digest = given.digest ?? (await resolveDigest(given, client));
    return await use({ repository, digest, reference: pinned(repository, digest), client, host });
  } finally {
    if (options.client === undefined) await client.close();
  }
}
