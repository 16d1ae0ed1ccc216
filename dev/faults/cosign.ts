import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

import type { Scene } from './scene';
import { IDENTITY, USER } from './world';

const BUILD = resolve(__dirname, '../tools/build.mjs');

/** The path of real cosign, if it was built (`node dev/tools/build.mjs`). */
export function findCosign(): string | undefined {
  const folder = execFileSync(process.execPath, [BUILD, '--where'], { encoding: 'utf8' }).trim();
  const path = join(folder, 'cosign');
  return existsSync(path) ? path : undefined;
}

/** The errors of real cosign for the image; empty if it verifies the image in each format. */
export async function cosignFaults(
  cosign: string,
  scene: Scene,
  image: string,
): Promise<readonly string[]> {
  const { world, path } = scene;
  if (path.leaves === 'nothing') return [];
  await world.proxies.start();
  // cosign does not connect to a token service with a private address.
  world.registry.settings.auth = world.access.basic;
  const bundleFlags = { bundle: [true], legacy: [false], both: [true, false] }[path.format];
  const faults: string[] = [];
  for (const bundle of bundleFlags) {
    const failure = await run(cosign, scene, [
      'verify',
      `--new-bundle-format=${bundle}`,
      '--registry-username',
      USER,
      '--registry-password',
      world.registryPassword,
      ...(path.signer === 'key'
        ? ['--key', world.keys[path.keyName].publicPath]
        : ['--certificate-identity', IDENTITY, '--certificate-oidc-issuer', world.issuer]),
      ...(path.witnesses.length > 0 ? ['--trusted-root', world.trustedRoot] : []),
      ...(path.witnesses.includes('timestamp') ? ['--use-signed-timestamps'] : []),
      ...(path.witnesses.includes('log') ? [] : ['--insecure-ignore-tlog']),
      ...Object.entries(path.annotations).flatMap(([name, value]) => ['-a', `${name}=${value}`]),
      image,
    ]);
    if (failure !== undefined)
      faults.push(`cosign verify failed (${bundle ? 'bundle' : 'legacy'}): ${failure}`);
  }
  world.registry.settings.auth = world.access[path.access];
  return faults;
}

function run(
  cosign: string,
  { world }: Scene,
  args: readonly string[],
): Promise<string | undefined> {
  const home = join(world.folder, 'home');
  mkdirSync(home, { recursive: true });
  // Connections to other machines fail at once.
  const closedProxy = { HTTP_PROXY: 'http://127.0.0.1:9', HTTPS_PROXY: 'http://127.0.0.1:9' };
  const env = { HOME: home, TUF_ROOT: join(home, 'tuf'), NO_PROXY: '127.0.0.1', ...closedProxy };
  return new Promise((settle) => {
    execFile(cosign, [...args], { env, timeout: 60_000 }, (error, _stdout, stderr) =>
      settle(error === null ? undefined : stderr),
    );
  });
}
