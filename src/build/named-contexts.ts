import { resolve } from 'node:path';

import { referenceOf } from '../oci/reference';

/** A named build context: a folder of this machine, or an image. */
export type NamedContext =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'image'; readonly image: string };

export type NamedContexts = Readonly<Record<string, NamedContext>>;

const IMAGE = 'docker-image://';

/**
 * Parses a value of `build.contexts`. A path is resolved relative to the program's folder.
 *
 * @returns `undefined` for a source whose content cannot be hashed or pinned (a URL, a git repository, ...)
 */
export function parseContext(value: string, cwd: string): NamedContext | undefined {
  if (value.startsWith(IMAGE)) {
    const image = value.slice(IMAGE.length);
    return referenceOf(image) === undefined ? undefined : { kind: 'image', image };
  }
  if (value === '' || /^[a-z0-9+.-]+:/i.test(value) || value.includes('@')) return undefined;
  return { kind: 'folder', path: resolve(cwd, value) };
}

/** Parses `build.contexts` without its invalid members. */
export function parseContexts(
  declared: Readonly<Record<string, string>> = {},
  cwd: string,
): NamedContexts {
  return Object.fromEntries(
    Object.entries(declared).flatMap(([name, value]) => {
      const context = parseContext(value, cwd);
      return context === undefined ? [] : [[name, context]];
    }),
  );
}

/** Formats the value of `--build-context`. */
export function formatContext(context: NamedContext): string {
  return context.kind === 'folder' ? context.path : `${IMAGE}${context.image}`;
}

/**
 * Returns the images that a build fetches: those of its Dockerfile, except names that a named context replaces,
 * and those of named contexts.
 */
export function imagesWithContexts(
  images: readonly string[],
  contexts: NamedContexts = {},
): readonly string[] {
  const replaced = new Set(Object.keys(contexts).map(normalized));
  const others = Object.values(contexts).flatMap((context) =>
    context.kind === 'image' ? [context.image] : [],
  );
  return [...new Set([...images.filter((image) => !replaced.has(normalized(image))), ...others])];
}

/** BuildKit compares names of contexts as references of Docker Hub. */
function normalized(name: string): string {
  return name
    .toLowerCase()
    .replace(/^(?:index\.)?docker\.io\//, '')
    .replace(/^library\//, '')
    .replace(/:latest$/, '');
}
