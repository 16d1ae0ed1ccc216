import { readDockerfile } from './built-image';
import { baseImages } from './dockerfile';
import type { BuildSession, Step } from './session';

/** How a tool pulls an image into its local store. */
export interface PullCommand {
  readonly program: string;
  /** The subcommand and its flags; the image follows. */
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Pulls the base images of a build, for builders that take a base from the local store where there
 * is one, also when its tag has moved in the registry. A base that cannot be pulled may be a local
 * one: the build goes on, and the log says so.
 *
 * @param platform - The one that is built, if one was declared.
 */
export async function pullBases(
  session: BuildSession,
  command: PullCommand,
  platform: string | undefined,
): Promise<void> {
  const { dockerfile, args, target } = await readDockerfile(session.request);
  const platforms = platform === undefined ? [] : [platform];
  for (const image of baseImages(dockerfile, { args, target, platforms }).images) {
    // By digest the local one is the same.
    if (image.includes('@sha256:')) continue;
    // A flag to the tool, and no image to any builder: `ARG B=--tls-verify=false`, `FROM $B`.
    if (image.startsWith('-')) continue;
    const step: Step = {
      label: `${command.program} pull`,
      program: command.program,
      args: [...command.args, ...(platform ? ['--platform', platform] : []), image],
      ...(command.env !== undefined && { env: command.env }),
      property: 'build',
    };
    if (await session.attempt(step)) continue;
    session.log(
      `the base image ${image} was not pulled; if the local store has it, that one is used, ` +
        'though its tag may have moved in the registry',
    );
  }
}
