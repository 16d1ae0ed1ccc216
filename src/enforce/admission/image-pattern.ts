import { parseReference } from '../../oci';

/** The images that a policy applies to: one repository, or all with a name prefix. */
export interface ImagePattern {
  /** `registry.example.com/team/app`, or with `isPrefix` the prefix: `registry.example.com/team/`. */
  readonly base: string;
  readonly isPrefix: boolean;
}

const DOCKER_HUB = 'index.docker.io/';

/** Returns what is wrong with a pattern. */
function patternFault(text: string): string | undefined {
  if (/^[*/]*$/.test(text)) {
    return 'has no registry: every image of the cluster would have to be signed by this signer; set at least the registry, as in "registry.example.com/*"';
  }
  const star = text.indexOf('*');
  if (star >= 0 && star !== text.length - 1) return 'may contain "*" only once, at its end';
  const slash = text.indexOf('/');
  const host = slash < 0 ? '' : text.slice(0, slash);
  if (!/[.:]/.test(host) && host !== 'localhost') {
    return 'must begin with the registry: "registry.example.com/team/*", or "docker.io/team/*"';
  }
  if (text.includes('@') || text.lastIndexOf(':') > slash) {
    return 'must not have a tag or digest: it is a repository, or a prefix of repositories';
  }
  return undefined;
}

/**
 * Parses `registry.example.com/team/app` or `registry.example.com/team/*`; the star matches any text.
 * Returns `fault` if the pattern is not valid.
 */
export function parseImagePattern(text: string): ImagePattern | { readonly fault: string } {
  const fault = patternFault(text);
  if (fault !== undefined) return { fault };
  const isPrefix = text.endsWith('*');
  // A letter makes the prefix a complete name; it is removed again.
  const reference = isPrefix ? `${text.slice(0, -1)}x` : text;
  try {
    const { registry, path } = parseReference(reference).repository;
    if (registry.startsWith('['))
      return { fault: 'has an IPv6 host, which policy engines do not support' };
    const name = `${registry}/${path}`;
    return { base: isPrefix ? name.slice(0, -1) : name, isPrefix };
  } catch {
    return { fault: 'is malformed: registry and path in lower case, without empty parts' };
  }
}

/** Returns all names of a repository that a pod may use: Docker Hub has aliases, other registries do not. */
export function spellings(base: string): readonly string[] {
  if (!base.startsWith(DOCKER_HUB)) return [base];
  const path = base.slice(DOCKER_HUB.length);
  const short = path.startsWith('library/') ? [path.slice('library/'.length)] : [];
  return [path, ...short].flatMap((each) => [DOCKER_HUB + each, `docker.io/${each}`, each]);
}

/** Converts patterns to Kyverno globs, in which `*` matches any text, for images as written in a pod. */
export function kyvernoGlobs(patterns: readonly ImagePattern[]): readonly string[] {
  return patterns.flatMap(({ base, isPrefix }) =>
    spellings(base).flatMap((name) => (isPrefix ? [`${name}*`] : [name, `${name}:*`, `${name}@*`])),
  );
}

/** Converts patterns to policy-controller globs, in which `**` matches any text, for full image names. */
export function policyControllerGlobs(patterns: readonly ImagePattern[]): readonly string[] {
  return patterns.flatMap(({ base, isPrefix }) =>
    isPrefix ? [`${base}**`] : [`${base}:**`, `${base}@**`],
  );
}
