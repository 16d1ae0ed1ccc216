import { parseReference } from '../../oci';

/** Which images a policy holds for: one repository, or all whose names begin so. */
export interface ImagePattern {
  /** `registry.example.com/team/app`, or with `wild` the beginning: `registry.example.com/team/`. */
  readonly base: string;
  readonly wild: boolean;
}

const DOCKER_HUB = 'index.docker.io/';

/** What is wrong with a pattern, if anything is. */
function patternFault(text: string): string | undefined {
  if (/^[*/]*$/.test(text)) {
    return 'names no registry: every image of the cluster would have to come from this signer; name at least the registry, as in "registry.example.com/*"';
  }
  const star = text.indexOf('*');
  if (star >= 0 && star !== text.length - 1) return 'may have one "*", at its end only';
  const slash = text.indexOf('/');
  const host = slash < 0 ? '' : text.slice(0, slash);
  if (!/[.:]/.test(host) && host !== 'localhost') {
    return 'must begin with the registry: "registry.example.com/team/*", or "docker.io/team/*"';
  }
  if (text.includes('@') || text.lastIndexOf(':') > slash) {
    return 'must be without tag and digest: it names a repository, or how names begin';
  }
  return undefined;
}

/**
 * Reads `registry.example.com/team/app` or `registry.example.com/team/*`; the star stands for any
 * text. Answers with what is wrong where it is no pattern.
 */
export function parseImagePattern(text: string): ImagePattern | { readonly fault: string } {
  const fault = patternFault(text);
  if (fault !== undefined) return { fault };
  const wild = text.endsWith('*');
  // Any letter makes a beginning a whole name, which is taken off again.
  const whole = wild ? `${text.slice(0, -1)}x` : text;
  try {
    const { registry, path } = parseReference(whole).repository;
    if (registry.startsWith('[')) return { fault: 'no policy engine reads a host in brackets' };
    const name = `${registry}/${path}`;
    return { base: wild ? name.slice(0, -1) : name, wild };
  } catch {
    return { fault: 'is malformed: registry and path in lower case, without empty parts' };
  }
}

/** Every form in which a pod may write the name of a repository: Docker Hub has several, all others one. */
export function spellings(base: string): readonly string[] {
  if (!base.startsWith(DOCKER_HUB)) return [base];
  const path = base.slice(DOCKER_HUB.length);
  const short = path.startsWith('library/') ? [path.slice('library/'.length)] : [];
  return [path, ...short].flatMap((each) => [DOCKER_HUB + each, `docker.io/${each}`, each]);
}

/** Globs of Kyverno, in which `*` stands for any text, for images as they are written in a pod. */
export function kyvernoGlobs(patterns: readonly ImagePattern[]): readonly string[] {
  return patterns.flatMap(({ base, wild }) =>
    spellings(base).flatMap((name) => (wild ? [`${name}*`] : [name, `${name}:*`, `${name}@*`])),
  );
}

/** Globs of policy-controller, in which `**` stands for any text, for the whole name of an image. */
export function policyControllerGlobs(patterns: readonly ImagePattern[]): readonly string[] {
  return patterns.flatMap(({ base, wild }) =>
    wild ? [`${base}**`] : [`${base}:**`, `${base}@**`],
  );
}
