// The schemas of other Pulumi packages, from the Go modules of their providers: verified by Go's checksum database and
// by the hash here. Needs Go, and only Node's own modules.
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const SCHEMAS = {
  kubernetes: {
    module: 'github.com/pulumi/pulumi-kubernetes/provider/v4@v4.0.0-20260115033456-f47bc2d6f199',
    sum: 'h1:j2bphCf7c2YhnBrhwht2f3TNRRgcMImltUlAgzxr9H4=',
    file: 'cmd/pulumi-resource-kubernetes/schema.json',
  },
};

/** The path of a schema, in Go's cache of modules; downloads the module once. */
export async function schemaPath(name) {
  const { module, sum, file } = SCHEMAS[name];
  // Outside of a module: `go mod download` would read its go.mod.
  const options = { cwd: tmpdir() };
  const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', module], options);
  const { Dir, Sum } = JSON.parse(stdout);
  if (Sum !== sum) throw new Error(`${module} has the hash ${Sum}, not ${sum}`);
  return join(Dir, file);
}
