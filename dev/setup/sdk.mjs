import { join } from 'node:path';

import { toolPath } from '../tools/build.mjs';
import { root, run } from './process.mjs';

/**
 * Generates the SDKs of `schema.json` into `sdk/`, one folder per language, with Pulumi's generators (dev/tools/sdk);
 * without names, of all languages.
 */
export async function generateSdks(languages, env) {
  const code = await run('node', ['dev/tools/build.mjs', 'sdk'], { env });
  if (code !== 0) return code;
  return run(
    toolPath('generate-sdk'),
    [join(root, 'schema.json'), join(root, 'sdk'), ...languages],
    {
      env,
    },
  );
}

/** Validates `schema.json` against the metaschema, with Pulumi's own code. */
export async function checkSchema(env) {
  return run(toolPath('generate-sdk'), ['check', join(root, 'schema.json')], { env });
}
