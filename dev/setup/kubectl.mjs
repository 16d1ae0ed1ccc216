import { existsSync } from 'node:fs';

import { runQuietly, log } from './process.mjs';

/** The path in Debian's package, which the tests use. */
const KUBECTL = '/usr/bin/kubectl';

/** Ensures that kubectl is installed, which tests use as a cluster's operator would. */
export async function ensureKubectl(env) {
  if (existsSync(KUBECTL)) return;
  if (process.platform !== 'linux' || process.getuid() !== 0 || !existsSync('/etc/debian_version'))
    throw new Error(
      `${KUBECTL} is missing, which these tests run: install it (Debian: kubernetes-client).`,
    );
  log('installing kubernetes-client with apt-get');
  const options = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' } };
  await runQuietly('apt-get', ['update', '-q'], options);
  const names = ['install', '-y', '-q', '--no-install-recommends', 'kubernetes-client'];
  if ((await runQuietly('apt-get', names, options)) !== 0 || !existsSync(KUBECTL))
    throw new Error('`apt-get install kubernetes-client` failed; install kubectl by hand.');
}
