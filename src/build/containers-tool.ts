import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { SignedImageError } from '../error';
import type { Digest } from '../oci/digest';
import { parseReference } from '../oci/reference';
import { type PushTarget, writeAuthFile } from './auth-file';
import type { BuildRequest } from './builder';
import { containersIgnoreFile } from './containers-ignore';
import { fetchedImages } from './dockerfile';
import { valueEnvironment } from './environment';
import { cacheRepositories, commonFlags, secretFlags } from './flags';
import { skipsTls } from './registry-host';
import { type BuildSession, digestFromFile } from './session';

/** podman and buildah: the same libraries, nearly the same flags. */
export interface ContainersTool {
  readonly program: 'podman' | 'buildah';
  /** Flags before the subcommand. */
  readonly global: readonly string[];
  /** Further flags of `build`. */
  readonly build: readonly string[];
  /** Whether images that were pushed are removed: what they leave is of no use as a cache. */
  readonly removesImages: boolean;
}

/** What neither of the two can do. */
export function unsupportedByContainers(request: BuildRequest): string | undefined {
  const entries = [...request.cacheFrom, ...request.cacheTo];
  if (cacheRepositories(entries) !== undefined) return undefined;
  return 'it takes repositories as cacheFrom and cacheTo only (type=registry,ref=...)';
}

/** Builds, pushes, and takes the digest from the file that the push writes. */
export async function buildWithContainers(
  session: BuildSession,
  tool: ContainersTool,
  env: NodeJS.ProcessEnv,
): Promise<Digest> {
  const access = await registryFlags(session, env);
  const images: string[] = [];
  const several = session.request.platforms.length > 1;
  const list = `localhost/${session.folder.split(/[/\\]/).at(-1)?.toLowerCase()}:${session.tag}`;
  try {
    for (const platform of several ? session.request.platforms : [undefined]) {
      const flags = platform ? ['--platform', platform, '--manifest', list] : onePlatform(session);
      images.push(await buildOne(session, tool, access, flags));
    }
    // Again: what a helper gave before the build may have ended during it.
    await writeAuthFile(pushTarget(session, env));
    await push(session, tool, access, several ? { list } : { image: images[0] ?? '' });
  } finally {
    await tidyUp(session, tool, several ? list : undefined, images);
  }
  return digestFromFile(session, DIGEST_FILE);
}

const IMAGE_ID_FILE = 'image-id';
const DIGEST_FILE = 'digest';

function onePlatform({ request }: BuildSession): readonly string[] {
  return request.platforms.flatMap((platform) => ['--platform', platform]);
}

/** One run for each platform: only so does each image tell its id. */
async function buildOne(
  session: BuildSession,
  tool: ContainersTool,
  access: RegistryFlags,
  flags: readonly string[],
): Promise<string> {
  const { request } = session;
  const ignoreFile = await containersIgnoreFile(request, session.folder);
  const idFile = join(session.folder, IMAGE_ID_FILE);
  await session.run({
    label: `${tool.program} build`,
    program: tool.program,
    args: [
      ...tool.global,
      'build',
      ...tool.build,
      ...commonFlags(request),
      ...flags,
      ...secretFlags(request.secrets),
      // Named, because these tools would otherwise prefer a `.containerignore`.
      ...(ignoreFile ? ['--ignorefile', ignoreFile] : []),
      ...cacheFlags(request),
      ...access.pull,
      '--iidfile',
      idFile,
      request.context,
    ],
    env: valueEnvironment(request),
    property: 'build',
  });
  return (await readFile(idFile, 'utf8')).trim();
}

function cacheFlags({ cacheFrom, cacheTo }: BuildRequest): readonly string[] {
  const from = (cacheRepositories(cacheFrom) ?? []).flatMap((entry) => ['--cache-from', entry]);
  const to = (cacheRepositories(cacheTo) ?? []).flatMap((entry) => ['--cache-to', entry]);
  return from.length + to.length > 0 ? ['--layers', ...from, ...to] : [];
}

async function push(
  session: BuildSession,
  tool: ContainersTool,
  access: RegistryFlags,
  what: { readonly list: string } | { readonly image: string },
): Promise<void> {
  const subcommand = 'list' in what ? ['manifest', 'push', '--all'] : ['push'];
  await session.run({
    label: `${tool.program} ${subcommand.filter((word) => !word.startsWith('-')).join(' ')}`,
    program: tool.program,
    args: [
      ...tool.global,
      ...subcommand,
      ...access.push,
      '--digestfile',
      join(session.folder, DIGEST_FILE),
      'list' in what ? what.list : what.image,
      `docker://${session.target}`,
    ],
    property: 'image',
  });
}

async function tidyUp(
  session: BuildSession,
  tool: ContainersTool,
  list: string | undefined,
  images: readonly string[],
): Promise<void> {
  const tidy = (label: string, args: readonly string[]): Promise<void> =>
    session.tidy({
      label: `${tool.program} ${label}`,
      program: tool.program,
      args: [...tool.global, ...args],
      property: 'build',
    });
  if (list !== undefined && images.length > 0) await tidy('manifest rm', ['manifest', 'rm', list]);
  // With a layer cache an image may be one that was there before.
  const cached = cacheFlags(session.request).length > 0;
  if (tool.removesImages && !cached && images.length > 0)
    await tidy('rmi', ['rmi', ...new Set(images)]);
}

interface RegistryFlags {
  /** For base images. */
  readonly pull: readonly string[];
  readonly push: readonly string[];
}

/** Login and TLS, by files in the session's folder: nothing secret is in an argument. */
async function registryFlags(
  session: BuildSession,
  env: NodeJS.ProcessEnv,
): Promise<RegistryFlags> {
  const { request } = session;
  const authFile = await writeAuthFile(pushTarget(session, env));
  const login = authFile ? ['--authfile', authFile] : [];
  const tls = [
    ...(skipsTls(request) ? ['--tls-verify=false'] : []),
    ...(request.registry.caFile === undefined
      ? []
      : ['--cert-dir', await certFolder(session, request.registry.caFile)]),
  ];
  // These flags hold for every registry of a command. What was declared for the push registry must
  // not weaken the pull of a base image from another one.
  const pullTls = (await basesAreAtTarget(request)) ? tls : [];
  return { pull: [...login, ...pullTls], push: [...login, ...tls] };
}

function pushTarget({ folder, request, login }: BuildSession, env: NodeJS.ProcessEnv): PushTarget {
  return { folder, repository: request.reference.repository, login, env };
}

/** Of what nobody can tell for certain, no: TLS is verified then. */
async function basesAreAtTarget(request: BuildRequest): Promise<boolean> {
  const { dockerfile, args, target, platforms, cacheFrom, cacheTo } = request;
  const bases = fetchedImages(await readFile(dockerfile, 'utf8'), { args, target, platforms });
  if (bases === undefined) return false;
  const caches = cacheRepositories([...cacheFrom, ...cacheTo]) ?? [];
  const fetched = [...bases, ...caches];
  const { registry } = request.reference.repository;
  return fetched.length > 0 && fetched.every((image) => registryOf(image) === registry);
}

function registryOf(reference: string): string | undefined {
  try {
    return parseReference(reference).repository.registry;
  } catch {
    // The builder will say what is wrong with it.
    return undefined;
  }
}

/** The tools take a folder of `*.crt` files. */
async function certFolder(session: BuildSession, caFile: string): Promise<string> {
  const folder = join(session.folder, 'certs');
  await mkdir(folder);
  try {
    await copyFile(caFile, join(folder, 'ca.crt'));
  } catch (error) {
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      property: 'registry.caFile',
      message: `the certificate authority's file ${caFile} cannot be read`,
      cause: error,
    });
  }
  return folder;
}
