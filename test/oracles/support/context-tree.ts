import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { contextContents } from '../../../src/build/context-hash';
import type { Tree } from './ignore-cases';

/** Writes a tree below a folder; a path that does not fit to those before it is left out. */
export function writeTree(folder: string, tree: Tree): void {
  mkdirSync(folder, { recursive: true });
  for (const path of tree) {
    // Names of any bytes: one byte is one character.
    const full = Buffer.concat([Buffer.from(`${folder}/`), path]).toString('latin1');
    const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
    try {
      if (full.endsWith('/')) mkdirSync(bytes(full), { recursive: true });
      else {
        mkdirSync(bytes(dirname(full)), { recursive: true });
        writeFileSync(bytes(full), 'content');
      }
    } catch {
      // A file where this one wants a folder, or the reverse.
    }
  }
}

/** The paths that our content hash covers, and the folders that these are in. */
export async function hashedPaths(context: string, dockerfile: string): Promise<readonly string[]> {
  const { entries } = await contextContents({ context, dockerfile });
  const paths = new Set<string>();
  for (const { bytes } of entries) {
    const text = bytes.toString('latin1');
    paths.add(text);
    for (let at = text.indexOf('/'); at > 0; at = text.indexOf('/', at + 1)) {
      paths.add(text.slice(0, at));
    }
  }
  return [...paths].sort();
}
