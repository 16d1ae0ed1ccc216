import { type Digest, parseReference, type RegistryClient } from '../../oci';
import { resolveDigest } from './inputs/declared-image';

/** Milliseconds for which a base that was asked for is what it was. */
const LONGEST = 5 * 60_000;

interface Asked {
  readonly at: number;
  readonly digest: Promise<Digest>;
}

/**
 * What base images stand for in this run: a hundred images from one base ask for it once, and are
 * built from the same one.
 */
export class BaseDigests {
  /** By client, and so by the access that it has. */
  readonly #asked = new WeakMap<RegistryClient, Map<string, Asked>>();

  of(image: string, client: RegistryClient): Promise<Digest> {
    const asked = this.#asked.get(client) ?? new Map<string, Asked>();
    this.#asked.set(client, asked);
    const now = performance.now();
    const known = asked.get(image);
    if (known && now - known.at < LONGEST) return known.digest;
    const digest = resolveDigest(parseReference(image), client);
    asked.set(image, { at: now, digest });
    // Whoever could not be asked is asked again.
    digest.catch(() => asked.delete(image));
    return digest;
  }
}
