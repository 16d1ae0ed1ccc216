import { readFileSync } from 'node:fs';
import { join } from 'node:path';

// Types only: the start of the plugin loads this module, and not the whole SDK (docs/adr/0009).
import type * as pulumi from '@pulumi/pulumi';

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

/**
 * Adds the version, which every resource of this package needs: without it, the engine would look
 * for a second provider without a version.
 */
export function withVersion(options?: pulumi.CustomResourceOptions): pulumi.CustomResourceOptions {
  return { ...options, version: options?.version ?? PACKAGE_VERSION };
}
