import { existsSync } from 'node:fs';

import { runQuietly, say } from './process.mjs';

/** Where Debian's package puts it, and where the tests start it. */
const KUBECTL = '/usr/bin/kubectl';

/** Makes sure that there is a kubectl for the tests that act as a person at a cluster. */
export async function ensureKubectl(env) {
  if (existsSync(KUBECTL)) return;
  if (process.platform !== 'linux' || process.getuid() !== 0 || !existsSync('/etc/debian_version'))
    throw new Error(`these tests run ${KUBECTL}: install it (Debian: kubernetes-client).`);
  say('installing kubernetes-client with apt-get');
  const options = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' } };
  await runQuietly('apt-get', ['update', '-q'], options);
  const names = ['install', '-y', '-q', '--no-install-recommends', 'kubernetes-client'];
  if ((await runQuietly('apt-get', names, options)) !== 0 || !existsSync(KUBECTL))
    throw new Error('`apt-get install kubernetes-client` failed; install kubectl by hand.');
}
