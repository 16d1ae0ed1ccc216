import { dump } from 'js-yaml';

import type { StateResource } from './deployer';

const DEPLOYMENT = 'kubernetes:apps/v1:Deployment';

/** The Deployment of a state as a Kubernetes manifest. */
export function deploymentOf(resources: readonly StateResource[]): string | undefined {
  const found = resources.find(({ type }) => type === DEPLOYMENT);
  if (found === undefined) return undefined;
  const { metadata, spec } = found.inputs;
  // The reference is not wrapped, so that a text search finds it.
  return dump({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec }, { lineWidth: -1 });
}
