import {
  contextIgnoreFile,
  ignoreConvention,
  ignoreFileOf,
  type NamedContexts,
  readIgnoreRules,
  textOfBytes,
} from '../../../build';
import {
  detectSource,
  type FilesRead,
  type FolderRead,
  type SourceFacts,
  type SourceOverrides,
} from '../../../source';
import type { BuildDeclaration } from '../inputs/declared-build';
import type { PluginEnvironment } from '../environment';

/** The paths of a build, absolute, and the builder that reads them. */
export type BuildPaths = Pick<BuildDeclaration, 'context' | 'dockerfile' | 'contexts'> & {
  readonly declared: Pick<BuildDeclaration['declared'], 'builder'>;
};

/**
 * Detects the facts about the source of a build; for an image that is not built here, those of the
 * program's directory.
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

/** Returns the files that a build reads, by the ignore file that the builder applies. */
async function filesRead(build: BuildPaths): Promise<FilesRead> {
  const { context, dockerfile, declared } = build;
  const ignoreFile = await ignoreFileOf(context, dockerfile, ignoreConvention(declared));
  const rules = await readIgnoreRules(ignoreFile);
  return {
    context,
    further: [dockerfile, ...(ignoreFile === undefined ? [] : [ignoreFile])],
    others: await foldersOf(build.contexts),
    // The same rules as for the hash of the context.
    sends: (path) => !rules.ignores(textOfBytes(Buffer.from(path, 'latin1'))),
    hasExceptions: rules.hasExceptions,
  };
}

/** The named contexts that are folders. */
async function foldersOf(contexts: NamedContexts): Promise<readonly FolderRead[]> {
  const folders = Object.values(contexts).flatMap((each) =>
    each.kind === 'folder' ? [each.path] : [],
  );
  return Promise.all(
    folders.map(async (context) => {
      const rules = await readIgnoreRules(await contextIgnoreFile(context));
      return {
        context,
        sends: (path) => !rules.ignores(textOfBytes(Buffer.from(path, 'latin1'))),
        hasExceptions: rules.hasExceptions,
      };
    }),
  );
}
