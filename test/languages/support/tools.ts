import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { command } from './command';

export const ROOT = resolve(__dirname, '..', '..', '..');

/** The programs that dev/tools built or installed for the suite. */
export interface Tools {
  readonly cosign: string;
  /** The language host `pulumi-language-yaml`. */
  readonly yaml: string;
  /** Python with the SDKs of Pulumi and the type checker. */
  readonly python: string;
  /** The schema of the Kubernetes package. */
  readonly kubernetes: string;
  /** The local repository of Maven, for what Java programs depend on. */
  readonly maven: string;
}

const scriptUrl = (name: string): string =>
  JSON.stringify(pathToFileURL(join(ROOT, 'dev/tools', name)).href);

/** Asks the set-up scripts in a process of their own, because Jest does not load ES modules. */
export async function loadTools(): Promise<Tools> {
  const script = `
    import { toolPath } from ${scriptUrl('build.mjs')};
    import { pythonPath } from ${scriptUrl('python.mjs')};
    import { schemaPath } from ${scriptUrl('schemas.mjs')};
    const kubernetes = await schemaPath('kubernetes');
    const [cosign, yaml] = ['cosign', 'pulumi-language-yaml'].map(toolPath);
    console.log(JSON.stringify({ cosign, yaml, python: pythonPath('languages'), kubernetes }));`;
  const args = ['--input-type=module', '--eval', script];
  const found = JSON.parse(await command(ROOT, [process.execPath, ...args])) as Omit<
    Tools,
    'maven'
  >;
  return { ...found, maven: join(dirname(found.cosign), '..', 'maven') };
}
