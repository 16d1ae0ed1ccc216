import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Above every version that an SDK asks for: the CLI warns of an older plugin. */
const VERSION = '999.0.0';

/**
 * The real engine needs a plugin for each package, where the local engine records resources: this
 * plugin records them too. Preview, update and refresh are the defaults of Pulumi's own server.
 */
const programOf = (pkg: string): string => `#!/usr/bin/env node
const { createHash } = require('node:crypto');
const { main } = require(${JSON.stringify(require.resolve('@pulumi/pulumi/provider'))});

const create = async (urn, inputs) => {
  const fingerprint = createHash('sha256').update(urn).digest('hex').slice(0, 7);
  return { id: urn.slice(urn.lastIndexOf(':') + 1) + '-' + fingerprint, outs: inputs };
};
const update = async (_id, _urn, _olds, news) => ({ outs: news });
const schema = JSON.stringify({ name: ${JSON.stringify(pkg)}, version: '${VERSION}' });

main({ version: '${VERSION}', schema, create, update }, process.argv.slice(2));
`;

/** Writes plugins that record their resources and create nothing, and returns the folder for the PATH. */
export function writeRecordingPlugins(packages: readonly string[], folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const pkg of packages) {
    const program = join(folder, `pulumi-resource-${pkg}`);
    if (!existsSync(program)) writeFileSync(program, programOf(pkg), { mode: 0o755 });
  }
  return folder;
}
