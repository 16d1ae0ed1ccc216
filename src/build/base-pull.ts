import { readDockerfile } from './built-image';
import { baseImages } from './dockerfile';
import { imagesWithContexts } from './named-contexts';
import type { BuildSession, Step } from './session';

/** The command with which a tool pulls an image into its local store. */
export interface PullCommand {
  readonly program: string;
  /** The subcommand and its flags; the image follows. */
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Pulls the base images of a build, for builders that prefer a base in the local store even if its tag
 * has moved in the registry. A base that cannot be pulled may be a local one: the build continues, and
 * a warning is logged.
 *
 * @param platform - The platform of the build, if declared.
 */
export async function pullBases(
  session: BuildSession,
  command: PullCommand,
  platform: string | undefined,
): Promise<void> {
  // The builder resolves them itself.
  if (session.request.pull) return;
  const { dockerfile, args, target } = await readDockerfile(session.request);
  const platforms = platform === undefined ? [] : [platform];
  const { images } = baseImages(dockerfile, { args, target, platforms });
  for (const image of imagesWithContexts(images, session.request.contexts)) {
    // With a digest the local image is the same.
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
      `the base image ${image} could not be pulled; if an image of this name exists in the local store, it is used, ` +
        `although its tag may have moved in the registry (the output of \`${step.label}\` is in the log of \`pulumi up --debug\`)`,
    );
  }
}
