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
import { githubClaimsReader } from './github-claims';

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
  environment: PluginEnvironment,
): Promise<SourceFacts> {
  const { env, cwd, sourceCache } = environment;
  return detectSource({
    cwd: build?.context ?? cwd,
    program: cwd,
    env,
    overrides,
    cache: sourceCache,
    claims: githubClaimsReader(environment),
    ...(build && { reads: await filesRead(build) }),
  });
}

/** Returns the files that a build reads, by the ignore files that the builder applies. */
async function filesRead({
  context,
  dockerfile,
  contexts,
  declared,
}: BuildPaths): Promise<FilesRead> {
  const ignoreFile = await ignoreFileOf(context, dockerfile, ignoreConvention(declared));
  return {
    ...(await folderRead(context, ignoreFile)),
    further: [dockerfile, ...(ignoreFile === undefined ? [] : [ignoreFile])],
    others: await foldersOf(contexts),
  };
}

/** The named contexts that are folders. */
async function foldersOf(contexts: NamedContexts): Promise<readonly FolderRead[]> {
  const folders = Object.values(contexts).flatMap((each) =>
    each.kind === 'folder' ? [each.path] : [],
  );
  return Promise.all(
    folders.map(async (context) => folderRead(context, await contextIgnoreFile(context))),
  );
}

/** A folder without the files that the builder ignores, by the same rules as for the hash of its content. */
async function folderRead(context: string, ignoreFile: string | undefined): Promise<FolderRead> {
  const rules = await readIgnoreRules(ignoreFile);
  return {
    context,
    sends: (path) => !rules.ignores(textOfBytes(Buffer.from(path, 'latin1'))),
    hasExceptions: rules.hasExceptions,
  };
}
