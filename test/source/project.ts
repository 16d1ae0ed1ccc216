import { symlinkSync } from 'node:fs';

import { detectSource, type FilesRead } from '../../src/source';
import type { WorkTree } from './work-tree';

/** A build that reads all of a folder but what `ignored` matches. */
export function reads(context: string, ignored = /^$/, further: readonly string[] = []): FilesRead {
  return { context, further, sends: (path) => !ignored.test(path), hasExceptions: false };
}

/** The facts of a build in a program at the top of a work tree. */
export function detectBuild(tree: WorkTree, files: FilesRead = reads(tree.folder)) {
  return detectSource({ cwd: files.context, program: tree.folder, env: tree.env, reads: files });
}

/** The error that names these paths. */
export const dirty = (...paths: readonly string[]) => ({
  code: 'SOURCE_DIRTY',
  message: expect.stringMatching(paths.map((path) => JSON.stringify(path)).join('.*')),
});

/** Commits what a project has, with a file of each kind. */
export function project(tree: WorkTree): string {
  tree.init();
  tree.write('a.txt', 'a\n');
  tree.write('app/main.js', 'one\n');
  tree.script('app/run.sh', '#!/bin/sh\n');
  symlinkSync('main.js', tree.at('app/link'));
  return tree.commit();
}
