import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { runQuietly, log } from './process.mjs';

/** Debian packages of the engines that dev/builders starts, and a program of each. */
const PACKAGES = [
  ['docker.io', 'dockerd'],
  ['podman', 'podman'],
  ['buildah', 'buildah'],
  ['skopeo', 'skopeo'],
  ['crun', 'crun'],
  ['runc', 'runc'],
  ['docker-registry', 'docker-registry'],
  ['busybox-static', 'busybox'],
  ['iproute2', 'ip'],
  ['util-linux', 'unshare'],
];

/** The proxies of test/proxy. */
const PROXIES = [
  ['tinyproxy-bin', 'tinyproxy'],
  ['stunnel4', 'stunnel4'],
];

/** The shells whose completion is tested. */
const SHELLS = [
  ['zsh', 'zsh'],
  ['fish', 'fish'],
];

/** The browser of test/report/browser. */
const BROWSER = [['chromium', 'chromium']];

const POLICY = '/usr/sbin/policy-rc.d';

/** Debian installs daemons in sbin, which may be missing from the PATH. */
const SBIN = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

function missingPackages(packages, env) {
  const folders = [...(env.PATH ?? '').split(delimiter), ...SBIN];
  return packages
    .filter(([, program]) => !folders.some((folder) => existsSync(join(folder, program))))
    .map(([name]) => name);
}

/**
 * Installs missing engines, as root on Debian, without starting services: Debian would
 * start a Docker daemon for the whole machine, with a bridge on its network.
 *
 * @throws Error with the names of packages that cannot be installed
 */
export const ensureEngines = (env) => ensurePackages(PACKAGES, 'engines', env);

/** Like `ensureEngines`, for the proxies. */
export const ensureProxies = (env) => ensurePackages(PROXIES, 'proxies', env);

/** Like `ensureEngines`, for the shells. */
export const ensureShells = (env) => ensurePackages(SHELLS, 'shells', env);

/** Like `ensureEngines`, for the browser. */
export const ensureBrowser = (env) => ensurePackages(BROWSER, 'browsers', env);

async function ensurePackages(packages, what, env) {
  const missing = missingPackages(packages, env);
  if (missing.length === 0) return;
  const names = missing.join(' ');
  if (process.platform !== 'linux' || process.getuid() !== 0 || !existsSync('/etc/debian_version'))
    throw new Error(
      `these tests start real ${what} and need root on Debian or Ubuntu to install: ${names}`,
    );
  log(`installing ${names} with apt-get`);
  const options = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' } };
  await runQuietly('apt-get', ['update', '-q'], options);
  const code = await withoutServices(() =>
    runQuietly('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...missing], options),
  );
  const still = missingPackages(packages, env);
  if (code !== 0 || still.length > 0)
    throw new Error(`\`apt-get install ${still.join(' ')}\` failed; install them by hand.`);
}

/** https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt: 101 forbids the action. */
async function withoutServices(action) {
  // An existing policy of the machine is kept.
  if (existsSync(POLICY)) return action();
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return await action();
  } finally {
    rmSync(POLICY, { force: true });
  }
}
