import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';

import { SignedImageError } from '../error';
import type { CommitFile } from './commit-file';
import type { GitRepository } from './git-repository';
import type { ScratchRepository } from './scratch-repository';
import { readBlobs, storeBlobs } from './verified-objects';

/** Attributes with which a checkout differs from the stored blob. */
const CONVERTING = ['text', 'eol', 'crlf', 'ident', 'working-tree-encoding', 'filter'] as const;

/** https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */
const LFS_POINTER =
  /^version https:\/\/git-lfs\.github\.com\/spec\/v1\n(?:[a-z0-9.-]+ [^\n]*\n)*?oid sha256:([0-9a-f]{64})\nsize (\d+)\n$/;
const MAX_POINTER_BYTES = 1_024;

const ATTRIBUTES_FILE = '.gitattributes';

type Attributes = Readonly<Record<string, string>>;

/**
 * Returns the files that differ from the stored blob but equal a checkout of the commit: with the line endings,
 * encoding and `$Id$` of the commit's own `.gitattributes`, or the content of a Git LFS pointer. Filter programs
 * are not executed, so files with other filters are never among them.
 *
 * @param all - All files of the commit, as in the index of the scratch repository.
 * @param absolute - The file's path in latin1.
 */
export async function checkedOutForms(
  files: readonly CommitFile[],
  all: readonly CommitFile[],
  absolute: (file: CommitFile) => string,
  repository: GitRepository,
  scratch: ScratchRepository,
): Promise<ReadonlySet<CommitFile>> {
  if (files.length === 0) return new Set();
  await storeBlobs(attributesFiles(all), repository, scratch);
  const attributes = await attributesOf(files, scratch);
  const converted = files.filter((file) => isConverted(attributes.get(file.path)));
  const pointers = converted.filter((file) => attributes.get(file.path)?.['filter'] === 'lfs');
  const others = converted.filter((file) => !pointers.includes(file));
  const found = new Set<CommitFile>();
  for await (const blobs of readBlobs(pointers, repository, scratch, MAX_POINTER_BYTES)) {
    for (const file of pointers) {
      const pointer = blobs.get(file.id);
      if (pointer && (await isLfsContent(pointer, absolute(file)))) found.add(file);
    }
  }
  const stored = await storeBlobs(others, repository, scratch);
  const written = await checkOut(stored, scratch);
  for (const file of stored) {
    if (await isSameContent(absolute(file), join(written, file.path))) found.add(file);
  }
  return found;
}

function isConverted(attributes: Attributes | undefined): boolean {
  return Object.values(attributes ?? {}).some(
    (value) => value !== 'unspecified' && value !== 'unset',
  );
}

async function attributesOf(
  files: readonly CommitFile[],
  scratch: ScratchRepository,
): Promise<ReadonlyMap<string, Attributes>> {
  const output = await scratch.git({
    args: ['check-attr', '--cached', '-z', '--stdin', ...CONVERTING],
    input: pathList(files),
  });
  const fields = output.toString('latin1').split('\0');
  const found = new Map<string, Record<string, string>>();
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [path = '', name = '', value = ''] = fields.slice(at, at + 3);
    const attributes = found.get(path) ?? {};
    attributes[name] = value;
    found.set(path, attributes);
  }
  return found;
}

function pathList(files: readonly CommitFile[]): Buffer {
  return Buffer.from(files.map(({ path }) => `${path}\0`).join(''), 'latin1');
}

function attributesFiles(all: readonly CommitFile[]): readonly CommitFile[] {
  const isAttributes = (path: string): boolean =>
    path === ATTRIBUTES_FILE || path.endsWith(`/${ATTRIBUTES_FILE}`);
  return all.filter(({ path, kind }) => isAttributes(path) && isRegular(kind));
}

function isRegular(kind: CommitFile['kind']): boolean {
  return kind === 'file' || kind === 'executable';
}

/** Checks out the files, and returns the folder (in latin1). */
async function checkOut(files: readonly CommitFile[], scratch: ScratchRepository): Promise<string> {
  const folder = join(scratch.emptyWorkTree, 'out');
  if (files.length > 0) {
    try {
      const args = ['checkout-index', '--prefix=out/', '-z', '--stdin'];
      await scratch.git({ args, input: pathList(files) });
    } catch (error) {
      // Names that collide on this file system, or content that does not have the declared encoding: files that
      // git cannot write count as different.
      if (!(error instanceof SignedImageError)) throw error;
    }
  }
  return Buffer.from(folder, 'utf8').toString('latin1');
}

async function isLfsContent(blob: Buffer, path: string): Promise<boolean> {
  const pointer = LFS_POINTER.exec(blob.toString('latin1'));
  if (!pointer) return false;
  const content = await contentOf(path);
  return content?.digest === pointer[1] && String(content?.size) === pointer[2];
}

async function isSameContent(path: string, other: string): Promise<boolean> {
  const [a, b] = [await contentOf(path), await contentOf(other)];
  return a !== undefined && a.digest === b?.digest;
}

async function contentOf(
  path: string,
): Promise<{ readonly digest: string; readonly size: number } | undefined> {
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of createReadStream(Buffer.from(path, 'latin1'))) {
      hash.update(chunk as Buffer);
      size += (chunk as Buffer).length;
    }
  } catch {
    return undefined;
  }
  return { digest: hash.digest('hex'), size };
}
