import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const manifest = JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8')) as {
  readonly version: string;
};

/** Version of this package, and of the plugin that serves its resources. */
export const PACKAGE_VERSION = manifest.version;
