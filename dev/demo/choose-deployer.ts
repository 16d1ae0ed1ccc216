import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';

import type { Deployer } from './deployer';
import { LocalDeployer } from './local-deployer';
import { PulumiDeployer } from './pulumi-deployer';

/** Downloading the CLI may be refused, or hang behind a firewall. */
const DOWNLOAD_TIMEOUT_MS = 20_000;

function runs(command: string, args: readonly string[], timeout: number): Promise<boolean> {
  return new Promise((settle) => {
    const child = spawn(command, [...args, 'version'], { stdio: 'ignore', timeout });
    child.once('error', () => settle(false));
    child.once('exit', (code) => settle(code === 0));
  });
}

/** `pulumi` on the PATH, else the npm package that downloads it, else the local engine. */
export async function chooseDeployer(examples: string, folder: string): Promise<Deployer> {
  const passphrase = randomBytes(18).toString('base64url');
  if (await runs('pulumi', [], DOWNLOAD_TIMEOUT_MS)) {
    const cli = { command: 'pulumi', args: [], why: '`pulumi` is on the PATH' };
    return new PulumiDeployer(cli, examples, folder, passphrase);
  }
  const npx = ['--yes', 'pulumi'];
  if (await runs('npx', npx, DOWNLOAD_TIMEOUT_MS)) {
    const why = '`pulumi` is not on the PATH, so `npx pulumi` downloaded it';
    return new PulumiDeployer({ command: 'npx', args: npx, why }, examples, folder, passphrase);
  }
  const why = '`pulumi` is not on the PATH, and `npx pulumi` could not download it';
  return new LocalDeployer(examples, folder, passphrase, why);
}
