import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type PushTarget, writeAuthFile } from './auth-file';
import { pullBases } from './base-pull';
import type { BuildRequest, PushedImage } from './builder';
import { unsupportedInput } from './capabilities';
import { checkBuiltImage, readDockerfile } from './built-image';
import { registryFlags } from './containers-access';
import { containersIgnoreFile } from './containers-ignore';
import type { ContainersTool } from './containers-program';
import { createList, DIGEST_FILE, listName, push, removeImages } from './containers-push';
import { valueEnvironment } from './environment';
import { cacheRepositories, commonFlags, secretFlags } from './flags';
import { contextIgnoreFile } from './ignore-file';
import { unsupportedByImagebuilder } from './image-config';
import { removeSecretLeftovers } from './secret-leftovers';
import { type BuildSession, digestFromFile, withVariables } from './session';
import { containerMark, markEnvironment, removeWorkingContainers } from './working-containers';

/** Returns why podman and buildah cannot build the request; `undefined` if they can. */
export async function unsupportedByContainers(
  tool: ContainersTool['program'],
  request: BuildRequest,
): Promise<string | undefined> {
  return (
    unsupportedInput(tool, request) ??
    (await unreadIgnoreFile(tool, request)) ??
    unsupportedByImagebuilder(await readDockerfile(request))
  );
}

/** BuildKit applies the ignore file of a named context. */
async function unreadIgnoreFile(
  tool: string,
  { contexts = {} }: BuildRequest,
): Promise<string | undefined> {
  for (const [name, context] of Object.entries(contexts)) {
    if (context.kind === 'image') continue;
    const file = await contextIgnoreFile(context.path);
    if (file !== undefined) return `\`build.contexts\`: ${tool} does not read ${file} (${name})`;
  }
  return undefined;
}

/** Builds and pushes, and reads the digest from the file that the push writes. */
export async function buildWithContainers(
  declared: BuildSession,
  tool: ContainersTool,
  env: NodeJS.ProcessEnv,
): Promise<PushedImage> {
  const authFile = await writeAuthFile(pushTarget(declared, env));
  // The only way in which the file is passed: every command reads the variable, also those without a flag, which
  // would otherwise read the user's file, and fail if it does not exist.
  const session = withVariables(declared, { REGISTRY_AUTH_FILE: authFile });
  const access = await registryFlags(session, env);
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
    // Written again: credentials from a helper may have expired during the build.
    await writeAuthFile(pushTarget(session, env));
    await push(session, tool, access, list === undefined ? { image: images[0] ?? '' } : { list });
  } catch (error) {
    await removeWorkingContainers(session, tool);
    await removeSecretLeftovers(Object.values(session.request.secrets));
    throw error;
  } finally {
    await removeImages(session, tool, list, images);
  }
  const digest = await digestFromFile(session, DIGEST_FILE);
  return { digest, imageIds: images.map((id) => `sha256:${id.replace('sha256:', '')}`) };
}

/**
 * Docker's image format, as docker itself pushes. The OCI format, the default of these tools, does not have
 * fields for HEALTHCHECK, SHELL and ONBUILD: they would be dropped, also those of the base image.
 *
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md#properties
 */
const IMAGE_FORMAT = ['--format', 'docker'];
const IMAGE_ID_FILE = 'image-id';

/**
 * Disables the label `io.buildah.version`, which other builders do not add. Older versions do not
 * support the flag, and add the label.
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

/** Builds one platform: only separate builds report the id of each image. */
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
      ...commonFlags({ ...request, dockerfile: listItem(request.dockerfile) }),
      ...(request.pull ? ['--pull=always'] : []),
      ...(platform === undefined ? [] : ['--platform', platform]),
      ...flags,
      ...secretFlags(request.secrets),
      ...containerMark(session),
      // Explicit, because these tools would otherwise prefer a `.containerignore`.
      '--ignorefile',
      ignoreFile,
      ...cacheFlags(request),
      '--iidfile',
      idFile,
      request.context,
    ],
    env: { ...valueEnvironment(request), ...markEnvironment },
    property: 'build',
  });
  return (await readFile(idFile, 'utf8')).trim();
}

/** Quotes a value of a flag that is a list: these tools split `--file` at commas, as CSV. */
function listItem(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function cacheFlags({ cacheFrom, cacheTo }: BuildRequest): readonly string[] {
  const from = (cacheRepositories(cacheFrom) ?? []).flatMap((entry) => ['--cache-from', entry]);
  const to = (cacheRepositories(cacheTo) ?? []).flatMap((entry) => ['--cache-to', entry]);
  // A layer cache is searched by layers and instructions only: an image of another platform, or of a
  // base with the same layers and different settings, would be used.
  return from.length + to.length > 0 ? ['--layers', ...from, ...to] : ['--layers=false'];
}

function pushTarget(session: BuildSession, env: NodeJS.ProcessEnv): PushTarget {
  const { folder, request, login, env: builderEnv } = session;
  return { folder, repository: request.reference.repository, login, env, builderEnv };
}
