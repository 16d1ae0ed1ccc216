import { ignoreFileOf, readIgnoreRules } from '../../build';
import { detectSource, type FilesRead, type SourceFacts, type SourceOverrides } from '../../source';
import type { BuildDeclaration } from './declared-build';
import type { PluginEnvironment } from './environment';

/** The paths of a build, absolute. */
export type BuildPaths = Pick<BuildDeclaration, 'context' | 'dockerfile'>;

/**
 * The facts about the source of a build, or of an image that is not built here: those of the program's
 * folder.
 *
 * @throws SignedImageError as `detectSource` does, and `BUILD_CONTEXT_INVALID` for an ignore file that
 *   cannot be read
 */
export async function declaredSource(
  overrides: SourceOverrides,
  build: BuildPaths | undefined,
  { env, cwd, fileHashes }: PluginEnvironment,
): Promise<SourceFacts> {
  return detectSource({
    cwd: build?.context ?? cwd,
    program: cwd,
    env,
    overrides,
    hashes: fileHashes,
    ...(build && { reads: await filesRead(build) }),
  });
}

/** Which files a build reads, by the ignore file that the builder obeys. */
async function filesRead({ context, dockerfile }: BuildPaths): Promise<FilesRead> {
  const ignoreFile = await ignoreFileOf(context, dockerfile);
  const rules = await readIgnoreRules(context, dockerfile);
  return {
    context,
    further: [dockerfile, ...(ignoreFile === undefined ? [] : [ignoreFile])],
    sends: (path) => !rules.ignores(path),
    hasExceptions: rules.hasExceptions,
  };
}
