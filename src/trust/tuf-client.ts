import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { TrustedRoot } from '@sigstore/protobuf-specs';
import type { TUFOptions } from '@sigstore/tuf';
import type { ReadableStream } from 'node:stream/web';
import type { Updater } from 'tuf-js';

import { parseBoundedJson } from '../http/json-bounds';
import type { HttpSend } from '../http/message';
import { serviceClient } from '../http/service-client';
import { withServiceRetry } from '../http/service-retry';

export const PUBLIC_REPOSITORY = 'https://tuf-repo-cdn.sigstore.dev';
const TARGET = 'trusted_root.json';
const TIMEOUT_MS = 5000;
const ATTEMPTS = 3;
const PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 5000;
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** The root and the targets that `@sigstore/tuf` was published with, base64 by mirror. */
type Seeds = Readonly<
  Record<
    string,
    { readonly 'root.json': string; readonly targets: Readonly<Record<string, string>> }
  >
>;

/**
 * Fetches the trusted root from a TUF repository, with the cache and the first root of `@sigstore/tuf`. That
 * package always uses Node's `fetch`, which knows no proxies; its upstream has no option for another client.
 *
 * @throws errors of tuf-js, of the file system and of the connection
 */
export async function fetchTrustedRoot(options: TUFOptions): Promise<TrustedRoot> {
  const { mirrorURL = PUBLIC_REPOSITORY } = options;
  const { host, pathname } = new URL(mirrorURL);
  const folder = join(
    options.cachePath ?? defaultCache(),
    encodeURIComponent(host + pathname.replace(/\/$/, '')),
  );
  await seedCache(folder, mirrorURL, options);
  const updater = await createUpdater(folder, mirrorURL, options);
  const info = await updater.getTargetInfo(TARGET);
  if (!info) throw new Error(`${mirrorURL} has no target ${TARGET}`);
  const path = (await updater.findCachedTarget(info)) ?? (await updater.downloadTarget(info));
  return TrustedRoot.fromJSON(parseBoundedJson(await readFile(path)));
}

async function createUpdater(
  folder: string,
  mirrorURL: string,
  { forceCache = false, retry, timeout = TIMEOUT_MS }: TUFOptions,
): Promise<Updater> {
  // Loaded on first use: a key without transparency log needs no trust material.
  const { BaseFetcher, Updater } = await import('tuf-js');
  const send = serviceClient({ env: process.env });
  class Fetcher extends BaseFetcher {
    override async fetch(url: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
      return streamOf(await download(send, url, timeout, retry === 0 ? 1 : ATTEMPTS));
    }
  }
  return new Updater({
    metadataBaseUrl: mirrorURL,
    targetBaseUrl: `${mirrorURL}/targets`,
    metadataDir: folder,
    targetDir: join(folder, 'targets'),
    forceCache,
    fetcher: new Fetcher(),
  });
}

/** tuf-js takes a 404 as the end of the chain of roots. */
async function download(
  send: HttpSend,
  url: string,
  timeout: number,
  attempts: number,
): Promise<Buffer> {
  const retry = {
    attempts,
    pause: (made: number) => PAUSE_MS * made,
    longestPause: LONGEST_PAUSE_MS,
    isTransientError: () => true,
  };
  const { status, body } = await withServiceRetry(retry, () =>
    send({ method: 'GET', url: new URL(url), limit: MAX_FILE_BYTES, timeout }),
  );
  if (status === 200) return body;
  const { DownloadHTTPError } = await import('tuf-js/dist/error.js');
  throw new DownloadHTTPError(`${url} answers ${status}`, status);
}

function streamOf(bytes: Buffer): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new Blob([new Uint8Array(bytes)]).stream();
}

async function seedCache(
  folder: string,
  mirrorURL: string,
  { rootPath, forceInit, force }: TUFOptions,
): Promise<void> {
  const targets = join(folder, 'targets');
  await mkdir(targets, { recursive: true });
  const root = join(folder, 'root.json');
  const isThere = await readFile(root).then(
    () => true,
    () => false,
  );
  if (isThere && !(forceInit ?? force ?? false)) return;
  if (rootPath !== undefined) {
    await copyFile(rootPath, root);
    return;
  }
  const file = require.resolve('@sigstore/tuf/seeds.json');
  const seed = (parseBoundedJson(await readFile(file)) as Seeds)[mirrorURL];
  if (!seed) throw new Error(`no root.json is known for ${mirrorURL}`);
  await writeFile(root, Buffer.from(seed['root.json'], 'base64'));
  for (const [name, content] of Object.entries(seed.targets))
    await writeFile(join(targets, name), Buffer.from(content, 'base64'));
}

/** The user's data folder, in which other programs with `@sigstore/tuf` (npm) have the same cache. */
function defaultCache(): string {
  const home = homedir();
  if (process.platform === 'darwin')
    return join(home, 'Library', 'Application Support', 'sigstore-js');
  if (process.platform === 'win32') {
    return join(
      process.env['LOCALAPPDATA'] || join(home, 'AppData', 'Local'),
      'sigstore-js',
      'Data',
    );
  }
  return join(process.env['XDG_DATA_HOME'] || join(home, '.local', 'share'), 'sigstore-js');
}
