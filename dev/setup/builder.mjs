import { existsSync } from 'node:fs';

import { runQuietly, log, works } from './process.mjs';

// One of these must succeed: a command-line program without its daemon cannot build.
const PROBES = [
  ['docker', ['info']],
  ['podman', ['info']],
  ['buildah', ['--version']],
];

async function findBuilder(env) {
  for (const [command, args] of PROBES) {
    if (await works(command, args, { env })) return command;
  }
  return undefined;
}

const canInstall = () =>
  process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/etc/debian_version');

/** Makes sure that images can be built on this machine. */
export async function ensureBuilder(env) {
  if ((await findBuilder(env)) !== undefined) return;
  if (!canInstall()) {
    throw new Error(
      'no image builder works on this machine. Install one of: Docker (with its daemon running), Podman, or Buildah ' +
        '(Debian and Ubuntu: `sudo apt-get install buildah crun`), and run this again.',
    );
  }
  log(
    'no image builder works on this machine: installing buildah and crun with apt-get, about a minute',
  );
  const apt = { ...env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { env: apt };
  await runQuietly('apt-get', ['update', '-q'], options);
  const code = await runQuietly('apt-get', ['install', '-y', '-q', 'buildah', 'crun'], options);
  if (code !== 0 || (await findBuilder(env)) === undefined) {
    throw new Error('`apt-get install buildah crun` failed; install an image builder by hand.');
  }
}
