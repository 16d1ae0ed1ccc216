import { readFile } from 'node:fs/promises';

import type { SignedImageError } from '../error';
import type { BuildRequest } from './builder';
import {
  configDifference,
  type DockerfileReading,
  parseInspect,
  platformDifference,
  stageChain,
} from './image-config';
import { resultMismatch } from './image-result';
import type { BuildSession, Step } from './session';

/** Reads the Dockerfile of a request with the inputs that affect its parsing. A missing file is empty. */
export async function readDockerfile(request: BuildRequest): Promise<DockerfileReading> {
  const { args, target } = request;
  return { dockerfile: await readFile(request.dockerfile, 'utf8').catch(() => ''), args, target };
}

/**
 * Checks an image in the local store before it is pushed: that it has the declared platform, and that
 * its config is the one that every other builder would create from the Dockerfile.
 *
 * @param platform - The declared platform, if any.
 * @param inspect - The command that prints the config of the image as JSON.
 * @throws SignedImageError `BUILD_RESULT_MISMATCH`
 */
export async function checkBuiltImage(
  session: BuildSession,
  platform: string | undefined,
  inspect: Omit<Step, 'property' | 'quiet'>,
): Promise<void> {
  const lines = await session.run({ ...inspect, quiet: true, property: 'build' });
  const built = parseInspect(lines.join('\n'));
  if (built === undefined)
    throw mismatch('build.builder', `\`${inspect.label}\` did not print an image config`);
  const otherPlatform = platform === undefined ? undefined : platformDifference(platform, built);
  if (otherPlatform !== undefined) throw mismatch('build.platforms', otherPlatform);
  const { dockerfile, args, target } = await readDockerfile(session.request);
  const difference = configDifference(stageChain(dockerfile, args, target), built);
  if (difference !== undefined)
    throw mismatch('build.dockerfile', `${difference}, or set \`build.builder\` to buildx`);
}

function mismatch(property: string, message: string): SignedImageError {
  return resultMismatch(property, `the image was built but not pushed: ${message}`);
}
