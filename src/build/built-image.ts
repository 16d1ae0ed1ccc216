import { readFile } from 'node:fs/promises';

import { SignedImageError } from '../error';
import type { BuildRequest } from './builder';
import {
  configDifference,
  type DockerfileReading,
  parseInspect,
  platformDifference,
  stageChain,
} from './image-config';
import type { BuildSession, Step } from './session';

/** The Dockerfile of a request, and what changes how it is read. A missing file is empty. */
export async function readDockerfile(request: BuildRequest): Promise<DockerfileReading> {
  const { args, target } = request;
  return { dockerfile: await readFile(request.dockerfile, 'utf8').catch(() => ''), args, target };
}

/**
 * Checks an image in the local store before it is pushed: that it is for the declared platform, and
 * that its config is what every other builder would make of the Dockerfile.
 *
 * @param platform - The declared one, if one was declared.
 * @param inspect - Prints the config of the image as JSON.
 * @throws SignedImageError `BUILD_FAILED`
 */
export async function checkBuiltImage(
  session: BuildSession,
  platform: string | undefined,
  inspect: Omit<Step, 'property' | 'quiet'>,
): Promise<void> {
  const lines = await session.run({ ...inspect, quiet: true, property: 'build' });
  const built = parseInspect(lines.join('\n'));
  if (built === undefined)
    throw mismatch('build.builder', `\`${inspect.label}\` printed no image config`);
  const other = platform === undefined ? undefined : platformDifference(platform, built);
  if (other !== undefined) throw mismatch('build.platforms', other);
  const { dockerfile, args, target } = await readDockerfile(session.request);
  const difference = configDifference(stageChain(dockerfile, args, target), built);
  if (difference !== undefined)
    throw mismatch('build.dockerfile', `${difference}, or use the builder buildx`);
}

function mismatch(property: string, message: string): SignedImageError {
  return new SignedImageError({
    code: 'BUILD_FAILED',
    property,
    message: `the image was built and not pushed: ${message}`,
  });
}
