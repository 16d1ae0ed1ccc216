import type { RegistryClient } from '../oci/client';
import type { Descriptor } from '../oci/descriptor';
import type { Digest } from '../oci/digest';
import type { Repository } from '../oci/reference';

/** What the registry lists for a manifest. */
export type ReferrerRead = (subject: Digest) => Promise<readonly Descriptor[]>;

/** Asks each time. */
export function readReferrers(client: RegistryClient, repository: Repository): ReferrerRead {
  return (subject) => client.referrers(repository, subject);
}

/** Asks once for each manifest: one list answers for all that was stored beside it. */
export function readReferrersOnce(client: RegistryClient, repository: Repository): ReferrerRead {
  const lists = new Map<Digest, Promise<readonly Descriptor[]>>();
  return (subject) => {
    const known = lists.get(subject) ?? client.referrers(repository, subject);
    lists.set(subject, known);
    return known;
  };
}
