import type { Problem } from '../../error';
import { nameFault } from './manifest';

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
