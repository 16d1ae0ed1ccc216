import { SignedImageError } from '../error';
import type { Descriptor, RegistryClient, Repository } from '../oci';

const OUTAGE_CODES: readonly string[] = ['REGISTRY_UNAVAILABLE', 'REGISTRY_THROTTLED'];

/** Whether the registry did not respond, or refused the request because there were too many. */
function isOutage(error: unknown): boolean {
  return error instanceof SignedImageError && OUTAGE_CODES.includes(error.code);
}

/** What the reads of one image show of its registry. */
export interface ReadObserver {
  /** A read succeeded. */
  onResponse(): void;
  /** A read failed because the registry did not respond. */
  onOutage(): void;
}

/** Lists and tags that one run has read. Their registry is read once, because a run is a snapshot. */
export class RunReads {
  readonly #referrers = new Map<string, Promise<readonly Descriptor[]>>();
  readonly #manifests = new Map<string, ReturnType<RegistryClient['getManifest']>>();

  /**
   * Returns a client that reads each list of referrers and each tag once in this run. Content by digest is
   * cached by the client itself.
   */
  client(client: RegistryClient, observer: ReadObserver): RegistryClient {
    const observed = async <T>(read: Promise<T>): Promise<T> => {
      try {
        const result = await read;
        observer.onResponse();
        return result;
      } catch (error) {
        if (isOutage(error)) observer.onOutage();
        throw error;
      }
    };
    return {
      ...client,
      getManifest: (repository, target) =>
        observed(
          target.includes(':')
            ? client.getManifest(repository, target)
            : once(this.#manifests, keyOf(repository, target), () =>
                client.getManifest(repository, target),
              ),
        ),
      getBlob: (repository, descriptor) => observed(client.getBlob(repository, descriptor)),
      resolve: (repository, target) => observed(client.resolve(repository, target)),
      referrers: (repository, subject, options) =>
        observed(
          once(
            this.#referrers,
            `${options?.provisional === true} ${keyOf(repository, subject)}`,
            () => client.referrers(repository, subject, options),
          ),
        ),
      task: (options) => this.client(client.task(options), observer),
    };
  }
}

function keyOf({ registry, path }: Repository, target: string): string {
  return `${registry}/${path} ${target}`;
}

/** Shares one read between all callers. A failed read is not kept. */
function once<T>(reads: Map<string, Promise<T>>, key: string, read: () => Promise<T>): Promise<T> {
  const known = reads.get(key);
  if (known) return known;
  const reading = read();
  reads.set(key, reading);
  reading.catch(() => reads.delete(key));
  return reading;
}
