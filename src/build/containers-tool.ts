import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Digest } from '../oci/digest';
import { parseReference } from '../oci/reference';
import { type PushTarget, writeAuthFile } from './auth-file';
import { pullBases } from './base-pull';
import type { BuildRequest } from './builder';
import { checkBuiltImage, readDockerfile } from './built-image';
import { certificateFlags } from './certificate-flags';
import { containersIgnoreFile } from './containers-ignore';
import { fetchedImages } from './dockerfile';
import { valueEnvironment } from './environment';
import { cacheRepositories, commonFlags, secretFlags } from './flags';
import { unsupportedByImagebuilder } from './image-config';
import { skipsTls } from './registry-host';
import { removeSecretLeftovers } from './secret-leftovers';
import { type BuildSession, digestFromFile, withVariables } from './session';

/** podman and buildah: the same libraries, nearly the same flags. */
export interface ContainersTool {
  readonly program: 'podman' | 'buildah';
  /** Flags before the subcommand. */
  readonly global: readonly string[];
  /** Further flags of `build`. */
  readonly build: readonly string[];
  /** Further flags of `pull`. */
  readonly pull: readonly string[];
  /** The subcommand that prints an image's config. */
  readonly inspect: readonly string[];
}

/** What neither of the two can do. */
export async function unsupportedByContainers(request: BuildRequest): Promise<string | undefined> {
  const entries = [...request.cacheFrom, ...request.cacheTo];
  if (cacheRepositories(entries) === undefined)
    return 'it takes repositories as cacheFrom and cacheTo only (type=registry,ref=...)';
  return unsupportedByImagebuilder(await readDockerfile(request));
}

/** Builds, pushes, and takes the digest from the file that the push writes. */
export async function buildWithContainers(
  declared: BuildSession,
  tool: ContainersTool,
  env: NodeJS.ProcessEnv,
): Promise<Digest> {
  const authFile = await writeAuthFile(pushTarget(declared, env));
  // The only way in which the file is named: every command reads the variable, also those without a flag, which
  // would read the user's file, and fail where there is none.
  const session = withVariables(declared, { REGISTRY_AUTH_FILE: authFile });
  const access = await registryFlags(session);
  const identity = await identityFlags(session, tool);
  const images: string[] = [];
  const { platforms } = session.request;
  let list: string | undefined;
  try {
    for (const platform of platforms.length > 0 ? platforms : [undefined]) {
      const pull = [...tool.global, 'pull', ...tool.pull, ...access.pull];
      await pullBases(session, { program: tool.program, args: pull }, platform);
      const image = await buildOne(session, tool, [...access.pull, ...identity], platform);
      images.push(image);
      await checkBuiltImage(session, platform, {
        label: `${tool.program} inspect`,
        program: tool.program,
        args: [...tool.global, ...tool.inspect, image],
      });
    }
    if (platforms.length > 1) {
      list = listName(session);
      await createList(session, tool, list, images);
    }
    // Again: what a helper gave before the build may have ended during it.
    await writeAuthFile(pushTarget(session, env));
    await push(session, tool, access, list === undefined ? { image: images[0] ?? '' } : { list });
  } catch (error) {
    await removeSecretLeftovers(Object.values(session.request.secrets));
    throw error;
  } finally {
    await tidyUp(session, tool, list, images);
  }
  return digestFromFile(session, DIGEST_FILE);
}

/**
 * Docker's image format, as docker itself pushes. OCI's, the default of these tools, has no field for
 * HEALTHCHECK, SHELL and ONBUILD: they would be dropped, also those of the base image.
 *
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md#properties
 */
const IMAGE_FORMAT = ['--format', 'docker'];
/** The same for the index of several platforms. */
const INDEX_FORMAT = ['--format', 'v2s2'];

const IMAGE_ID_FILE = 'image-id';
const DIGEST_FILE = 'digest';

/**
 * Switches off the label `io.buildah.version`, which no other builder adds. Older versions end with
 * an error when they get the flag, and add the label.
 */
async function identityFlags(
  session: BuildSession,
  tool: ContainersTool,
): Promise<readonly string[]> {
  const help = await session.run({
    label: `${tool.program} build`,
    program: tool.program,
    args: [...tool.global, 'build', '--help'],
    quiet: true,
    property: 'build',
  });
  return help.some((line) => line.includes('--identity-label')) ? ['--identity-label=false'] : [];
}

/** Unique to this build, because the store is the whole machine's. */
function listName({ folder, tag }: BuildSession): string {
  return `localhost/${folder.split(/[/\\]/).at(-1)?.toLowerCase()}:${tag}`;
}

/** Of the images by their ids: `build --manifest` writes the id of the list and not of the image. */
async function createList(
  session: BuildSession,
  tool: ContainersTool,
  list: string,
  images: readonly string[],
): Promise<void> {
  const manifest = (...args: readonly string[]) =>
    session.run({
      label: `${tool.program} manifest ${args[0]}`,
      program: tool.program,
      args: [...tool.global, 'manifest', ...args],
      property: 'build.platforms',
    });
  await manifest('create', list);
  for (const image of images) {
    // Without the transport podman takes an id for the name of an image on Docker Hub.
    await manifest('add', list, `containers-storage:${image.replace('sha256:', '')}`);
  }
}

/** One run for each platform: only so does each image tell its id. */
async function buildOne(
  session: BuildSession,
  tool: ContainersTool,
  flags: readonly string[],
  platform: string | undefined,
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
      ...IMAGE_FORMAT,
      ...commonFlags(request),
      ...(platform === undefined ? [] : ['--platform', platform]),
      ...flags,
      ...secretFlags(request.secrets),
      // Named, because these tools would otherwise prefer a `.containerignore`.
      '--ignorefile',
      ignoreFile,
      ...cacheFlags(request),
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
  // A layer cache is searched by layers and instructions alone: an image of another platform, or of a
  // base with the same layers and other settings, is taken for the wanted one.
  return from.length + to.length > 0 ? ['--layers', ...from, ...to] : ['--layers=false'];
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
      ...('list' in what ? INDEX_FORMAT : []),
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
  if (list !== undefined) await tidy('manifest rm', ['manifest', 'rm', list]);
  // With a layer cache an image may be one that was there before.
  const cached = session.request.cacheFrom.length + session.request.cacheTo.length > 0;
  if (!cached && images.length > 0) await tidy('rmi', ['rmi', ...new Set(images)]);
}

interface RegistryFlags {
  /** For base images. */
  readonly pull: readonly string[];
  readonly push: readonly string[];
}

/** TLS, by files in the session's folder. */
async function registryFlags(session: BuildSession): Promise<RegistryFlags> {
  const { request } = session;
  const tls = [
    ...(skipsTls(request) ? ['--tls-verify=false'] : []),
    ...(await certificateFlags(session)),
  ];
  // These flags hold for every registry of a command. What was declared for the push registry must
  // not weaken the pull of a base image from another one.
  const pullTls = (await basesAreAtTarget(request)) ? tls : [];
  return { pull: pullTls, push: tls };
}

function pushTarget(session: BuildSession, env: NodeJS.ProcessEnv): PushTarget {
  const { folder, request, login, env: builderEnv } = session;
  return { folder, repository: request.reference.repository, login, env, builderEnv };
}

/** What cannot be determined for certain counts as elsewhere: TLS is verified then. */
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
