import { isJsonObject } from '../oci/strict-json';
import { isSecret } from './json-access';
import type { ReportedWorkload } from './model';
import { isOwnResource } from './resource-group';
import type { StackResource } from './stack-export';

const DIGEST = /sha256:[0-9a-f]{64}/g;

/** Returns all digests in the values of an object, without those in secrets. */
function digestsIn(root: unknown): ReadonlySet<string> {
  const digests = new Set<string>();
  const pending: unknown[] = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value === 'string') {
      for (const [digest] of value.matchAll(DIGEST)) digests.add(digest);
    } else if (Array.isArray(value)) {
      for (const each of value) pending.push(each);
    } else if (isJsonObject(value) && !isSecret(value)) {
      for (const each of Object.values(value)) pending.push(each);
    }
  }
  return digests;
}

/**
 * Returns the resources of the stack that declare an image, by digest: Deployments, task definitions and
 * other resources with the digest in one of their inputs.
 */
export function workloadsByDigest(
  resources: readonly StackResource[],
): ReadonlyMap<string, readonly ReportedWorkload[]> {
  const workloads = new Map<string, ReportedWorkload[]>();
  for (const resource of resources) {
    const { type, name, inputs } = resource;
    if (isOwnResource(resource) || type.startsWith('pulumi:')) continue;
    for (const digest of digestsIn(inputs)) {
      const known = workloads.get(digest);
      const workload: ReportedWorkload = { kind: 'resource', name: `${type} ${name}` };
      if (known) known.push(workload);
      else workloads.set(digest, [workload]);
    }
  }
  return workloads;
}
