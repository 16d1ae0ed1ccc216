import type { RegistryClient } from '../oci/client';
import type { Descriptor } from '../oci/descriptor';
import type { Digest } from '../oci/digest';
import type { Repository } from '../oci/reference';

/** Returns the referrers that the registry lists for a manifest. */
export type ReferrerRead = (subject: Digest) => Promise<readonly Descriptor[]>;

/** Sends a request for each call. */
export function readReferrers(client: RegistryClient, repository: Repository): ReferrerRead {
  return (subject) => client.referrers(repository, subject);
}

/** Sends one request per manifest: one list is enough for everything that was stored for it. */
export function readReferrersOnce(client: RegistryClient, repository: Repository): ReferrerRead {
  const lists = new Map<Digest, Promise<readonly Descriptor[]>>();
  return (subject) => {
    const known = lists.get(subject) ?? client.referrers(repository, subject);
    lists.set(subject, known);
    return known;
  };
}
