import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { type Manifest, yamlOf } from '../../../src/enforce/admission';
import { runTool } from '../../interop/support/tools';

const BUILD = resolve(__dirname, '../../../dev/tools/build.mjs');

let folder: string | undefined;

function judgePath(): string {
  folder ??= execFileSync(process.execPath, [BUILD, '--where', 'policy-controller'], {
    encoding: 'utf8',
  }).trim();
  const path = join(folder, 'judge');
  if (!existsSync(path))
    throw new Error(
      'policy-controller is not built: run node dev/tools/build.mjs policy-controller',
    );
  return path;
}

/** What policy-controller's engine says of an image. */
export interface Judgement {
  readonly admitted: boolean;
  /** Why not, and whatever else it said. */
  readonly said: string;
}

/**
 * Asks the engine of policy-controller, as its webhook would.
 *
 * @param manifests as `policyControllerPolicy` made them
 * @param image `host/repo@digest`
 * @param inside a folder for files
 */
export async function judge(
  manifests: readonly Manifest[],
  image: string,
  inside: string,
): Promise<Judgement> {
  const files = await mkdtemp(join(inside, 'policy-'));
  const path = (name: string) => join(files, name);
  const trustRoots = manifests.filter(({ kind }) => kind === 'TrustRoot');
  const policies = manifests.filter(({ kind }) => kind === 'ClusterImagePolicy');
  await writeFile(path('policy.yaml'), yamlOf(policies));
  for (const manifest of trustRoots)
    await writeFile(path(`${manifest.metadata.name}.root.yaml`), yamlOf([manifest]));
  const roots = trustRoots.map(({ metadata }) => path(`${metadata.name}.root.yaml`));
  const args = ['-policy', path('policy.yaml'), '-image', image, ...roots];
  const { code, stdout, stderr } = await runTool(judgePath(), args, {
    cwd: files,
    env: {
      HOME: files,
      TUF_ROOT: path('tuf'),
      // Whatever is not on this machine is refused at once, also where there is a network.
      HTTP_PROXY: 'http://127.0.0.1:9',
      HTTPS_PROXY: 'http://127.0.0.1:9',
      NO_PROXY: '127.0.0.1',
    },
  });
  return { admitted: code === 0, said: `${stdout}\n${stderr}` };
}
