import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Name of the Pulumi package: the part of every type token before the first colon. */
export const PACKAGE_NAME = 'signed-image';

const manifest = JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8')) as {
  readonly version: string;
};

/** Version of this package, and of the plugin that serves its resources. */
export const PACKAGE_VERSION = manifest.version;

/** `signed-image:index:<name>`. */
export function token(name: string): string {
  return `${PACKAGE_NAME}:index:${name}`;
}
