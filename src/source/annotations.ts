import type { Problem } from '../error';
import { present } from './detected';
import type { SourceFacts } from './facts';

/** The key of each fact, and how one declares it instead. */
const FACT_KEYS: Readonly<Record<string, string>> = {
  commit: 'declare `source.commit` instead',
  branch: 'declare `source.branch` instead',
  tag: 'declare `source.tag` instead',
  ref: 'declare `source.ref` instead',
  repo: 'declare `source.repository` instead',
  head_repo: 'remove it; it is read from the CI system',
  builder: 'declare `source.builder` instead',
  dirty: 'remove it; it is read from the work tree (see `source.allowDirty`)',
  build_user: 'remove it; it is read from the CI system',
};

/**
 * The facts as signed pairs: `commit`, `branch`, `tag`, `ref` (where neither branch nor tag says it),
 * `repo`, `head_repo` (the fork that a request comes from), `builder` (the builder's id, the same as in the
 * provenance), `build_user` (who started the run, as the CI system says) and, only where the work tree
 * differed, `dirty: "true"`. `commit`, `branch` and `repo` are the keys that people type for
 * `cosign sign -a`.
 */
export function annotationsOf(facts: SourceFacts): Readonly<Record<string, string>> {
  return present({
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
 * All pairs to sign. The caller's and the facts' cannot collide: `validateAnnotations` refuses the
 * keys of facts, so that annotations and provenance never disagree.
 */
export function signedAnnotations(
  facts: SourceFacts,
  declared: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return { ...declared, ...annotationsOf(facts) };
}

/**
 * Names that `cosign verify` adds to what it prints beside the signed pairs, so a reader could not
 * tell a signed pair from cosign's own (cosign v3.1.3, cmd/cosign/cli/verify/common.go).
 */
const PRINTED = new Set(['Subject', 'Issuer', 'Bundle', 'RFC3161Timestamp']);
/** Extensions of a Fulcio certificate, by name and by object id: printed likewise. */
const PRINTED_PREFIXES = ['githubWorkflow', '1.3.6.1.4.1.57264.'];

/**
 * Everything that is wrong with declared annotations. A comma in a value is allowed: `cosign verify
 * -a` splits on it and cannot ask for such a pair, but our own verification and policies can.
 */
export function validateAnnotations(
  annotations: Readonly<Record<string, string>>,
): readonly Problem[] {
  return Object.keys(annotations).flatMap((key) => {
    const message = wrongWith(key);
    if (message === undefined) return [];
    return [
      { property: `annotations[${JSON.stringify(key)}]`, code: 'INPUT_INVALID' as const, message },
    ];
  });
}

function wrongWith(key: string): string | undefined {
  if (key.trim() === '') return 'an annotation needs a key';
  if (key !== key.trim()) return 'an annotation key must not begin or end with white space';
  if (/[=,]/.test(key))
    return 'an annotation key must not contain "=" or ",": `cosign -a` splits there';
  if (/\p{Cc}/u.test(key)) return 'an annotation key must not contain control characters';
  if (PRINTED.has(key) || PRINTED_PREFIXES.some((prefix) => key.startsWith(prefix))) {
    return 'cosign prints this key itself, so a signed pair could not be told from it; take another';
  }
  const instead = Object.hasOwn(FACT_KEYS, key) ? FACT_KEYS[key] : undefined;
  return (
    instead &&
    `this key is reserved for a detected fact, so that annotations and provenance agree: ${instead}`
  );
}
