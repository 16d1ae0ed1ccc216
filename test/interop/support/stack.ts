import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type RunningRegistry, startRegistry } from '../../../dev/registry';
import { type RunningSigstore, startSigstore, type Witnesses } from '../../../dev/sigstore';
import { type ToolRun, runTool, toolPath } from './tools';

const WITNESSES = {
  none: { rekor: false, tsa: false },
  log: { rekor: 1, tsa: false },
  'log+tsa': { rekor: 1, tsa: true },
  'log-v2': { rekor: 2, tsa: false },
  'log-v2+tsa': { rekor: 2, tsa: true },
} as const satisfies Record<string, Witnesses>;

/** A registry, a Sigstore, and a real cosign that reaches nothing else. */
export interface Stack {
  readonly registry: RunningRegistry;
  readonly sigstore: RunningSigstore;
  /** For the files of one run. */
  readonly folder: string;
  /** Path of the trusted root. */
  readonly trustedRoot: string;
  /** Paths of signing configs, with the services for cosign. */
  readonly signingConfig: Readonly<Record<keyof typeof WITNESSES, string>>;
  /** @param program path of another cosign than the usual one */
  cosign(
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
    program?: string,
  ): Promise<ToolRun>;
  close(): Promise<void>;
}

export async function startStack(options: { readonly referrersApi: boolean }): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), 'interop-'));
  const [registry, sigstore] = await Promise.all([
    startRegistry({ settings: { referrersApi: options.referrersApi } }),
    startSigstore(),
  ]);
  const path = (name: string) => join(folder, name);
  await sigstore.writeTrustedRoot(path('trusted_root.json'));
  const names = Object.keys(WITNESSES) as (keyof typeof WITNESSES)[];
  const files = names.map((name) => [name, path(`signing-config-${name}.json`)] as const);
  for (const [name, file] of files) {
    await writeFile(file, JSON.stringify(sigstore.signingConfig(WITNESSES[name])));
  }
  const signingConfig = Object.fromEntries(files) as Stack['signingConfig'];
  await mkdir(path('home'));
  const env = {
    HOME: path('home'),
    TUF_ROOT: path('tuf'),
    PATH: process.env['PATH'] ?? '',
    COSIGN_YES: 'true',
    // Whatever is not on this machine is refused at once, also where there is a network.
    HTTP_PROXY: 'http://127.0.0.1:9',
    HTTPS_PROXY: 'http://127.0.0.1:9',
    NO_PROXY: '127.0.0.1',
  };
  return {
    registry,
    sigstore,
    folder,
    trustedRoot: path('trusted_root.json'),
    signingConfig,
    cosign: (args, more = {}, program = toolPath('cosign')) =>
      runTool(program, args, { cwd: folder, env: { ...env, ...more } }),
    async close() {
      await Promise.all([registry.close(), sigstore.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
