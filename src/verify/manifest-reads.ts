import type { RegistryClient } from '../oci/client';
import type { Digest } from '../oci/digest';
import type { Repository } from '../oci/reference';
import { readBundles } from '../storage/bundle-format';
import { readLayers } from '../storage/legacy-format';
import type { Purpose, StoredFormat } from '../storage/signature';
import { type ReadResult, readResult } from './part';

/** Reads what is stored for manifests, each list and tag once for all requirements of one verification. */
export class ManifestReads {
  private readonly results = new Map<string, Promise<ReadResult>>();

  constructor(
    readonly client: RegistryClient,
    readonly repository: Repository,
  ) {}

  /** Bundles of all purposes are in one list; the legacy format has a tag for each purpose. */
  read(digest: Digest, format: StoredFormat, purpose: Purpose): Promise<ReadResult> {
    return format === 'bundle'
      ? this.once(`bundle ${digest}`, () => readBundles(this.client, this.repository, digest))
      : this.once(`${purpose} ${digest}`, () =>
          readLayers(this.client, this.repository, digest, purpose),
        );
  }

  /** Everything in which an attestation, or else a signature, of a manifest may be stored. */
  all(digest: Digest, purpose: Purpose): Promise<readonly ReadResult[]> {
    return Promise.all([
      this.read(digest, 'bundle', purpose),
      this.read(digest, 'legacy', purpose),
    ]);
  }

  private once(key: string, read: Parameters<typeof readResult>[0]): Promise<ReadResult> {
    const known = this.results.get(key) ?? readResult(read);
    this.results.set(key, known);
    return known;
  }
}
