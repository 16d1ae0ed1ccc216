import type { CommitFile } from './commit-file';
import type { GitRepository } from './git-repository';
import type { ScratchRepository } from './scratch-repository';
import { unreadable } from './unreadable';
import { readObjects } from './verified-objects';

const KINDS: Readonly<Record<string, CommitFile['kind']>> = {
  '100644': 'file',
  // Written by very old versions of git; equivalent to 100644.
  '100664': 'file',
  '100755': 'executable',
  '120000': 'link',
  '160000': 'submodule',
};

/** Limits the memory that a commit can consume; git has a similar limit. */
const MAX_DEPTH = 2_048;

interface Folder {
  readonly path: string;
  readonly id: string;
}

/**
 * Lists all files of the repository's commit from objects whose hash was verified (`readObjects`).
 *
 * @throws SignedImageError `SOURCE_UNREADABLE` for objects that are missing or do not match their id
 */
export async function filesOfCommit(
  repository: GitRepository & { readonly commit: string },
  scratch: ScratchRepository,
): Promise<readonly CommitFile[]> {
  const [commit] = await readContents('commit', [repository.commit], repository, scratch);
  const tree = /^tree ([0-9a-f]+)\n/.exec(commit?.toString('latin1') ?? '')?.[1];
  if (tree === undefined)
    throw unreadable(repository.top, 'the commit of HEAD does not have a tree');
  const files: CommitFile[] = [];
  let folders: readonly Folder[] = [{ path: '', id: tree }];
  for (let depth = 0; folders.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw unreadable(repository.top, 'its folders are nested too deeply');
    const ids = folders.map(({ id }) => id);
    const contents = await readContents('tree', ids, repository, scratch);
    const found = folders.map(({ path }, index) =>
      parseTree(contents[index] ?? Buffer.alloc(0), path, repository),
    );
    files.push(...found.flatMap((entries) => entries.files));
    folders = found.flatMap((entries) => entries.folders);
  }
  return files;
}

/** Contents in the order of their ids. */
async function readContents(
  type: 'commit' | 'tree',
  ids: readonly string[],
  repository: GitRepository,
  scratch: ScratchRepository,
): Promise<readonly Buffer[]> {
  const found = await readObjects(type, ids, repository, scratch);
  return ids.map((id) => {
    const content = found.get(id);
    if (content) return content;
    throw unreadable(repository.top, `the ${type} ${id} is missing`, 'fetch it again');
  });
}

/** A tree object: `mode SP name NUL id` for each entry, with the id in binary. */
function parseTree(
  content: Buffer,
  folder: string,
  { top, hash }: GitRepository,
): { readonly files: readonly CommitFile[]; readonly folders: readonly Folder[] } {
  const idLength = hash === 'sha1' ? 20 : 32;
  const files: CommitFile[] = [];
  const folders: Folder[] = [];
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(' ', at);
    const end = content.indexOf(0, space);
    const next = end + 1 + idLength;
    if (space < at || end < space || next > content.length) {
      throw unreadable(top, 'a tree object is malformed');
    }
    const mode = content.toString('latin1', at, space);
    const name = content.toString('latin1', space + 1, end);
    const id = content.toString('hex', end + 1, next);
    if (!isFileName(name)) throw unreadable(top, 'the commit has a file name that is not allowed');
    const path = folder === '' ? name : `${folder}/${name}`;
    const kind = KINDS[mode];
    if (mode === '40000') folders.push({ path, id });
    else if (kind) files.push({ path, kind, id });
    else throw unreadable(top, 'the commit has an unknown file mode');
    at = next;
  }
  return { files, folders };
}

/** Names that git refuses to check out, because they would lead outside of the work tree. */
function isFileName(name: string): boolean {
  const isDots = name === '.' || name === '..';
  return name !== '' && !isDots && !name.includes('/') && name.toLowerCase() !== '.git';
}
