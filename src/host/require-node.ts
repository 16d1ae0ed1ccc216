import { writeSync } from 'node:fs';

import { NODE_REQUIREMENT } from './package-version';
import { isSupportedNode } from './supported-node';

/**
 * The first import of every program of the package: ends the process on a version of Node that is not supported, before
 * modules are loaded that fail there with messages about syntax or module formats. It must itself load there.
 */
if (!isSupportedNode(process.version, NODE_REQUIREMENT)) {
  // Synchronous: the process ends before a stream has written.
  writeSync(
    process.stderr.fd,
    `pulumi-signed-image requires Node.js ${NODE_REQUIREMENT.replace('>=', '')} or later, but was started with ` +
      `${process.version.slice(1)} (${process.execPath}): install a supported version and put it first on the PATH\n`,
  );
  // Not 1, which are findings in an audit.
  process.exit(2);
}
