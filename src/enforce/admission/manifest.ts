import { DEFAULT_SCHEMA, Type, dump } from 'js-yaml';

import type { Problem } from '../../error';

/** A Kubernetes object as it is sent to the API server, or written as YAML. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [member: string]: unknown;
}

// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
const NAME = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;

/** What is wrong with the name of an object, if anything is. */
export function nameFault(name: string): string | undefined {
  return NAME.test(name)
    ? undefined
    : 'must be lower-case letters, digits, "-" and ".", beginning and ending with a letter or digit';
}

/**
 * Texts that Kubernetes' reader may take for a number, `1_0` among them: it reads YAML 1.1, and js-yaml
 * writes a text in quotes only where it would read something else itself.
 */
const numberLike = new Type('tag:signed-image.dev,2026:number-like', {
  kind: 'scalar',
  resolve: (text: unknown) => typeof text === 'string' && /^[-+.0-9_]/.test(text),
  predicate: () => false,
});

const SCHEMA = DEFAULT_SCHEMA.extend({ implicit: [numberLike] });

/** Manifests as one YAML text for `kubectl apply -f -`, with what they do not check as comments. */
export function yamlOf(manifests: readonly Manifest[], warnings: readonly string[] = []): string {
  const comments = warnings.map((warning) => `# ${warning.replaceAll('\n', '\n# ')}\n`).join('');
  // No anchors: not every reader of YAML knows them.
  const options = { lineWidth: -1, noRefs: true, schema: SCHEMA };
  return comments + manifests.map((manifest) => dump(manifest, options)).join('---\n');
}

const KEY = 'kubernetes.io/metadata.name';

/**
 * Selects namespaces by name; `*` is all of them. Without any, all but `kube-system`: what the
 * control plane runs for itself is there before anybody can verify it.
 */
export function namespaceSelector(namespaces: readonly string[] | undefined): object {
  if (namespaces === undefined) {
    return { matchExpressions: [{ key: KEY, operator: 'NotIn', values: ['kube-system'] }] };
  }
  if (namespaces.includes('*')) return {};
  return { matchExpressions: [{ key: KEY, operator: 'In', values: [...namespaces].sort() }] };
}

/** Everything that is wrong with names of namespaces. */
export function namespaceProblems(namespaces: readonly string[] | undefined): readonly Problem[] {
  const problem = (property: string, message: string): Problem => ({
    property,
    code: 'INPUT_INVALID',
    message,
  });
  if (namespaces?.length === 0)
    return [problem('namespaces', 'is empty: the policy would admit everything')];
  return (namespaces ?? []).flatMap((each, index) =>
    each === '*' || nameFault(each) === undefined
      ? []
      : [
          problem(
            `namespaces[${index}]`,
            'must be the name of a namespace, or "*" for all of them',
          ),
        ],
  );
}

/** A CEL string literal. https://github.com/google/cel-spec/blob/master/doc/langdef.md#string-and-bytes-values */
export function celString(text: string): string {
  // JSON's escapes are CEL's, too.
  return JSON.stringify(text);
}

/** A CEL list of strings. */
export function celStrings(texts: readonly string[]): string {
  return `[${texts.map(celString).join(', ')}]`;
}
