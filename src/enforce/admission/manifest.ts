import { DEFAULT_SCHEMA, Type, dump } from 'js-yaml';

import type { Problem } from '../../error';

/** A Kubernetes object, to be sent to the API server or written as YAML. */
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

/** Returns what is wrong with the name of an object. */
export function nameFault(name: string): string | undefined {
  return NAME.test(name)
    ? undefined
    : 'must consist of lowercase letters, digits, "-" and ".", and start and end with a letter or digit';
}

/**
 * Texts that Kubernetes' YAML parser may read as a number, such as `1_0`: it reads YAML 1.1, and js-yaml
 * quotes a text only if js-yaml itself would read it as another type.
 */
const numberLike = new Type('tag:signed-image.dev,2026:number-like', {
  kind: 'scalar',
  resolve: (text: unknown) => typeof text === 'string' && /^[-+.0-9_]/.test(text),
  predicate: () => false,
});

const SCHEMA = DEFAULT_SCHEMA.extend({ implicit: [numberLike] });

/** Formats manifests as one YAML text for `kubectl apply -f -`, with warnings as comments. */
export function yamlOf(manifests: readonly Manifest[], warnings: readonly string[] = []): string {
  const comments = warnings.map((warning) => `# ${warning.replaceAll('\n', '\n# ')}\n`).join('');
  // No anchors: not every YAML parser supports them.
  const options = { lineWidth: -1, noRefs: true, schema: SCHEMA };
  return comments + manifests.map((manifest) => dump(manifest, options)).join('---\n');
}

const KEY = 'kubernetes.io/metadata.name';

/**
 * Selects namespaces by name; `*` selects all. Default: all but `kube-system`, because the control plane
 * starts its own images before any policy can verify them.
 */
export function namespaceSelector(namespaces: readonly string[] | undefined): object {
  if (namespaces === undefined) {
    return { matchExpressions: [{ key: KEY, operator: 'NotIn', values: ['kube-system'] }] };
  }
  if (namespaces.includes('*')) return {};
  return { matchExpressions: [{ key: KEY, operator: 'In', values: [...namespaces].sort() }] };
}

/** Validates names of namespaces. */
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

/** Formats a CEL string literal. https://github.com/google/cel-spec/blob/master/doc/langdef.md#string-and-bytes-values */
export function celString(text: string): string {
  // CEL supports JSON's escapes.
  return JSON.stringify(text);
}

/** Formats a CEL list of strings. */
export function celStrings(texts: readonly string[]): string {
  return `[${texts.map(celString).join(', ')}]`;
}
