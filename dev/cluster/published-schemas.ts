import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { load } from 'js-yaml';

import type { Cluster } from './cluster';

/** A Go module that contains the definitions that its project publishes. */
interface PublishedModule {
  readonly path: string;
  readonly version: string;
  /** The checksum as in go.sum, which pins the definitions. */
  readonly sum: string;
  readonly files: readonly string[];
}

const MODULES: readonly PublishedModule[] = [
  {
    path: 'github.com/kyverno/kyverno',
    version: 'v1.19.1',
    sum: 'h1:/MkgFii3/VlQfKR1JpC9tVwNNVNQTt2S4U6qCsafsTU=',
    files: [
      'config/crds/policies.kyverno.io/policies.kyverno.io_imagevalidatingpolicies.yaml',
      'config/crds/kyverno/kyverno.io_clusterpolicies.yaml',
    ],
  },
  {
    path: 'github.com/sigstore/policy-controller',
    version: 'v0.15.1',
    sum: 'h1:DL1YJ7RXbhPLteaxn/HUZFEf32UNqqkPoHN6leekETc=',
    files: ['config/300-clusterimagepolicy.yaml', 'config/300-trustroot.yaml'],
  },
  {
    path: 'github.com/fluxcd/source-controller',
    version: 'v1.9.6',
    sum: 'h1:nG534/bI6nVpyHra7ONAk6xDB3xPsVT+EOLHZHXPrrc=',
    files: [
      'config/crd/bases/source.toolkit.fluxcd.io_ocirepositories.yaml',
      'config/crd/bases/source.toolkit.fluxcd.io_helmcharts.yaml',
    ],
  },
];

/** Go downloads it once into its own cache, and verifies it. */
async function folderOf({ path, version, sum }: PublishedModule): Promise<string> {
  const args = ['mod', 'download', '-json', `${path}@${version}`];
  const { stdout } = await promisify(execFile)('go', args, { cwd: tmpdir(), maxBuffer: 1 << 20 });
  const found = JSON.parse(stdout) as { readonly Dir: string; readonly Sum: string };
  if (found.Sum !== sum) throw new Error(`${path}@${version} has another checksum: ${found.Sum}`);
  return found.Dir;
}

interface Definition {
  readonly metadata: { readonly name: string };
  readonly spec: object;
}

interface DefinitionStatus {
  readonly conditions: readonly { readonly type: string; readonly status: string }[] | null;
}

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

async function install(cluster: Cluster, definition: Definition): Promise<void> {
  // Conversion between versions needs a controller, which does not run.
  const spec = { ...definition.spec, conversion: { strategy: 'None' } };
  const { status, body } = await cluster.request('POST', DEFINITIONS, { ...definition, spec });
  if (status !== 201) throw new Error(JSON.stringify(body).slice(0, 2000));
  for (let tries = 0; tries < 120; tries += 1) {
    const answer = await cluster.request('GET', `${DEFINITIONS}/${definition.metadata.name}`);
    const { status: now } = answer.body as { readonly status?: DefinitionStatus };
    const established = now?.conditions?.find(({ type }) => type === 'Established');
    if (established?.status === 'True') return;
    await sleep(250);
  }
  throw new Error(`${definition.metadata.name} was not established`);
}

/** Installs the policy engines' resource definitions, as their projects publish them. */
export async function installPublishedSchemas(cluster: Cluster): Promise<void> {
  for (const module of MODULES) {
    const folder = await folderOf(module);
    for (const file of module.files) {
      await install(cluster, load(await readFile(join(folder, file), 'utf8')) as Definition);
    }
  }
}
