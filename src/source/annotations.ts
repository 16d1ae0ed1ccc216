import type { Problem } from '../error';
import { omitUndefined } from './detected';
import type { SourceFacts } from './facts';

/** The annotation keys of facts, and the remedy if one is declared. */
const FACT_KEYS: Readonly<Record<string, string>> = {
  commit: 'set `source.commit` instead',
  branch: 'set `source.branch` instead',
  tag: 'set `source.tag` instead',
  ref: 'set `source.ref` instead',
  repo: 'set `source.repository` instead',
  head_repo: 'remove it; it is read from the CI system',
  builder: 'set `source.builder` instead',
  dirty: 'remove it; it is read from the work tree (see `source.allowDirty`)',
  build_user: 'remove it; it is read from the CI system',
};

/**
 * Converts the facts to signed annotations: `commit`, `branch`, `tag`, `ref` (if it is neither a branch nor a
 * tag), `repo`, `head_repo` (the fork that a request comes from), `builder` (the builder id, as in the
 * provenance), `build_user` (the user who started the run, as reported by the CI system) and, only if the work
 * tree differed, `dirty: "true"`. `commit`, `branch` and `repo` are the keys that are common with
 * `cosign sign -a`.
 */
export function annotationsOf(facts: SourceFacts): Readonly<Record<string, string>> {
  return omitUndefined({
    commit: facts.commit,
    branch: facts.branch,
    tag: facts.tag,
    ref: facts.ref,
    repo: facts.repository,
    head_repo: facts.headRepository,
    builder: facts.builder.id,
    build_user: facts.builder.user,
    dirty: facts.dirty ? 'true' : undefined,
  }) as Readonly<Record<string, string>>;
}

/**
 * Returns all annotations to sign. Declared annotations and facts cannot collide: `validateAnnotations`
 * rejects the keys of facts, so that annotations and provenance never disagree.
 */
export function signedAnnotations(
  facts: SourceFacts,
  declared: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return { ...declared, ...annotationsOf(facts) };
}

/**
 * Keys that `cosign verify` adds to the signed annotations in its output, where they could not be
 * distinguished (cosign v3.1.3, cmd/cosign/cli/verify/common.go).
 */
const COSIGN_KEYS = new Set(['Subject', 'Issuer', 'Bundle', 'RFC3161Timestamp']);
/** Extensions of a Fulcio certificate, by name and by object id, which cosign prints, too. */
const COSIGN_KEY_PREFIXES = ['githubWorkflow', '1.3.6.1.4.1.57264.'];

type KeyFault = (key: string) => string | undefined;

function problemsOf(
  annotations: Readonly<Record<string, string>>,
  faultOf: KeyFault,
): readonly Problem[] {
  return Object.keys(annotations).flatMap((key) => {
    const message = faultOf(key);
    if (message === undefined) return [];
    return [
      { property: `annotations[${JSON.stringify(key)}]`, code: 'INPUT_INVALID' as const, message },
    ];
  });
}

/**
 * Returns all problems of the declared annotations. A comma in a value is allowed: `cosign verify -a`
 * splits at it and cannot require such an annotation, but our own verification and policies can.
 */
export function validateAnnotations(
  annotations: Readonly<Record<string, string>>,
): readonly Problem[] {
  return problemsOf(annotations, (key) => keyFault(key) ?? reservedFault(key));
}

/** Like `validateAnnotations`, where no facts are detected: their keys are allowed. */
export function validateAnnotationKeys(
  annotations: Readonly<Record<string, string>>,
): readonly Problem[] {
  return problemsOf(annotations, keyFault);
}

function keyFault(key: string): string | undefined {
  if (key.trim() === '') return 'an annotation needs a key';
  if (key !== key.trim()) return 'an annotation key must not begin or end with white space';
  if (/[=,]/.test(key))
    return 'an annotation key must not contain "=" or ",": `cosign -a` splits there';
  if (/\p{Cc}/u.test(key)) return 'an annotation key must not contain control characters';
  if (COSIGN_KEYS.has(key) || COSIGN_KEY_PREFIXES.some((prefix) => key.startsWith(prefix))) {
    return 'cosign prints this key itself, so a signed annotation could not be distinguished from it; use another key';
  }
  return undefined;
}

function reservedFault(key: string): string | undefined {
  const remedy = Object.hasOwn(FACT_KEYS, key) ? FACT_KEYS[key] : undefined;
  return (
    remedy &&
    `this key is reserved for a detected fact, so that annotations and provenance agree: ${remedy}`
  );
}
