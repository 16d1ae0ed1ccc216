import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import ignore from '@balena/dockerignore';

import { messageOf, SignedImageError } from '../error';

/** Which paths of a context a build does not see. */
export interface IgnoreRules {
  /** `path` is relative to the context, with forward slashes. */
  ignores(path: string): boolean;
  /** Whether something below an ignored folder may be taken back in by a `!` rule. */
  readonly hasExceptions: boolean;
}

/**
 * The ignore file that a build obeys: the Dockerfile's own, else the context's.
 *
 * https://docs.docker.com/build/concepts/context/#filename-and-location
 */
export async function ignoreFileOf(
  context: string,
  dockerfile: string,
): Promise<string | undefined> {
  return (await ownIgnoreFile(dockerfile)) ?? existing(join(context, '.dockerignore'));
}

/** `<Dockerfile>.dockerignore`, where there is one. */
export function ownIgnoreFile(dockerfile: string): Promise<string | undefined> {
  return existing(`${dockerfile}.dockerignore`);
}

async function existing(path: string): Promise<string | undefined> {
  try {
    await access(path);
    return path;
  } catch {
    return undefined;
  }
}

export async function readIgnoreRules(context: string, dockerfile: string): Promise<IgnoreRules> {
  const path = await ignoreFileOf(context, dockerfile);
  const text = path === undefined ? '' : await readFile(path, 'utf8');
  return parseIgnoreRules(text);
}

/** @throws SignedImageError `BUILD_CONTEXT_INVALID`, by `ignores`, for a pattern that builders refuse too */
export function parseIgnoreRules(text: string): IgnoreRules {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const rules = ignore().add(lines);
  return {
    ignores: (path) => {
      try {
        return rules.ignores(path);
      } catch (error) {
        throw new SignedImageError({
          code: 'BUILD_CONTEXT_INVALID',
          property: 'build.context',
          message: `the ignore file of the build has a pattern that is none: ${messageOf(error)}`,
          cause: error,
        });
      }
    },
    hasExceptions: lines.some((line) => line.startsWith('!')),
  };
}
