import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const manifest = JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8')) as {
  readonly version: string;
  readonly engines: { readonly node: string };
};

/** Version of this package, and of the plugin that serves its resources. */
export const PACKAGE_VERSION = manifest.version;

/** The versions of Node that the package supports: `>=22.22.2`, for example. */
export const NODE_REQUIREMENT = manifest.engines.node;
