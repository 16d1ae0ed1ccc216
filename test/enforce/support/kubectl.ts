import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Cluster } from '../../../dev/cluster';
import { runTool, type ToolRun } from '../../interop/support/tools';

const KUBECTL = '/usr/bin/kubectl';

/** Runs the real kubectl, as a person at the cluster would. */
export function kubectl(cluster: Cluster, ...args: readonly string[]): Promise<ToolRun> {
  return runTool(KUBECTL, args, {
    env: { KUBECONFIG: cluster.kubeconfig, HOME: home(), PATH: '/usr/bin:/bin' },
  });
}

let folder: string | undefined;

/** kubectl's discovery cache. */
function home(): string {
  folder ??= mkdtempSync(join(tmpdir(), 'kubectl-'));
  return folder;
}
