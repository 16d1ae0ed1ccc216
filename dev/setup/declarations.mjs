import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { root, log } from './process.mjs';

/** The entry points of the package, and where tsc writes their declarations. */
const ENTRIES = {
  index: 'dist/index.d.ts',
  core: 'dist/core/index.d.ts',
  policy: 'dist/enforce/policy/index.d.ts',
};

/** The packages that a consumer of the entry point has installed; its types must not import any other. */
const ALLOWED = { index: ['@pulumi/pulumi'], core: [], policy: ['@pulumi/policy'] };

/**
 * Writes `types/`: one declaration file for each entry point, with the public types only. The files that tsc
 * writes import implementation packages, which a consumer's compiler would have to resolve.
 */
export async function bundleDeclarations() {
  const outputs = Object.keys(ENTRIES).map((name) => join(root, `types/${name}.d.ts`));
  const compiled = statSync(join(root, 'dist/.tsbuildinfo')).mtimeMs;
  if (outputs.every((file) => existsSync(file) && statSync(file).mtimeMs > compiled)) return;
  log('bundling the declarations of dist/ into types/');
  const { rollup } = await import('rollup');
  const { dts } = await import('rollup-plugin-dts');
  for (const [name, entry] of Object.entries(ENTRIES)) {
    const bundle = await rollup({
      input: join(root, entry),
      external: (id) => !id.startsWith('.') && !id.startsWith('/') && !/^[A-Za-z]:/.test(id),
      plugins: [dts()],
    });
    const { output } = await bundle.write({ file: join(root, `types/${name}.d.ts`) });
    await bundle.close();
    const foreign = output[0].imports.filter((id) => !ALLOWED[name].includes(id));
    if (foreign.length > 0) {
      throw new Error(
        `the public types of ${entry} import types of ${foreign.join(', ')}; declare these types in src/ instead`,
      );
    }
  }
}
