import { ignoreConvention, ignoreFileOf, readIgnoreRules, textOfBytes } from '../../../build';
import {
  detectSource,
  type FilesRead,
  type SourceFacts,
  type SourceOverrides,
} from '../../../source';
import type { BuildDeclaration } from '../inputs/declared-build';
import type { PluginEnvironment } from '../environment';

/** The paths of a build, absolute, and the builder that reads them. */
export type BuildPaths = Pick<BuildDeclaration, 'context' | 'dockerfile'> & {
  readonly declared: Pick<BuildDeclaration['declared'], 'builder'>;
};

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
  { env, cwd, sourceCache }: PluginEnvironment,
): Promise<SourceFacts> {
  return detectSource({
    cwd: build?.context ?? cwd,
    program: cwd,
    env,
    overrides,
    cache: sourceCache,
    ...(build && { reads: await filesRead(build) }),
  });
}

/** Which files a build reads, by the ignore file that the builder obeys. */
async function filesRead({ context, dockerfile, declared }: BuildPaths): Promise<FilesRead> {
  const ignoreFile = await ignoreFileOf(context, dockerfile, ignoreConvention(declared));
  const rules = await readIgnoreRules(ignoreFile);
  return {
    context,
    further: [dockerfile, ...(ignoreFile === undefined ? [] : [ignoreFile])],
    // As the context is walked for its hash.
    sends: (path) => !rules.ignores(textOfBytes(Buffer.from(path, 'latin1'))),
    hasExceptions: rules.hasExceptions,
  };
}
