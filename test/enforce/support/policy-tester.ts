import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { type Manifest, yamlOf } from '../../../src/enforce/admission';
import { runTool } from '../../interop/support/tools';

const BUILD = resolve(__dirname, '../../../dev/tools/build.mjs');

let folder: string | undefined;

function testerPath(): string {
  folder ??= execFileSync(process.execPath, [BUILD, '--where', 'policy-controller'], {
    encoding: 'utf8',
  }).trim();
  const path = join(folder, 'policy-tester');
  if (!existsSync(path))
    throw new Error(
      'policy-controller is not built: run node dev/tools/build.mjs policy-controller',
    );
  return path;
}

/** The decision of policy-controller's engine for an image. */
export interface Decision {
  readonly admitted: boolean;
  /** The output of the engine, with the reason of a denial. */
  readonly output: string;
}

/**
 * Evaluates an image with the engine of policy-controller, as its webhook does.
 *
 * @param manifests as returned by `policyControllerPolicy`
 * @param image `host/repo@digest`
 * @param parent a folder for files
 */
export async function evaluate(
  manifests: readonly Manifest[],
  image: string,
  parent: string,
): Promise<Decision> {
  const files = await mkdtemp(join(parent, 'policy-'));
  const path = (name: string) => join(files, name);
  const trustRoots = manifests.filter(({ kind }) => kind === 'TrustRoot');
  const policies = manifests.filter(({ kind }) => kind === 'ClusterImagePolicy');
  await writeFile(path('policy.yaml'), yamlOf(policies));
  for (const manifest of trustRoots)
    await writeFile(path(`${manifest.metadata.name}.root.yaml`), yamlOf([manifest]));
  const roots = trustRoots.map(({ metadata }) => path(`${metadata.name}.root.yaml`));
  const args = ['-policy', path('policy.yaml'), '-image', image, ...roots];
  const { code, stdout, stderr } = await runTool(testerPath(), args, {
    cwd: files,
    env: {
      HOME: files,
      TUF_ROOT: path('tuf'),
      // Connections to other machines fail at once, also on machines with a network.
      HTTP_PROXY: 'http://127.0.0.1:9',
      HTTPS_PROXY: 'http://127.0.0.1:9',
      NO_PROXY: '127.0.0.1',
    },
  });
  return { admitted: code === 0, output: `${stdout}\n${stderr}` };
}
