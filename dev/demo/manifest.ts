import { dump } from 'js-yaml';

import type { StateResource } from './deployer';

const DEPLOYMENT = 'kubernetes:apps/v1:Deployment';

/** The Deployment of a state as the manifest that a cluster would get. */
export function deploymentOf(resources: readonly StateResource[]): string | undefined {
  const found = resources.find(({ type }) => type === DEPLOYMENT);
  if (found === undefined) return undefined;
  const { metadata, spec } = found.inputs;
  // One line for the reference, however long, so that a plain search finds it.
  return dump({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec }, { lineWidth: -1 });
}
