import { Secret, type Value } from './wire-value';

/**
 * The same tree with its secret marks on the leaves only: an engine marks a whole object if the
 * program made it from one secret. What is absent is no secret.
 */
export function marksOnLeaves(value: Value, marked = false): Value {
  if (value instanceof Secret) return marksOnLeaves(value.value, true);
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map((member: Value) => marksOnLeaves(member, marked));
  if (typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, marksOnLeaves(member as Value, marked)]),
    );
  }
  return marked ? new Secret(value) : value;
}

/** All strings that are marked as secret. */
export function secretStrings(value: Value, marked = false): readonly string[] {
  if (value instanceof Secret) return secretStrings(value.value, true);
  if (typeof value === 'string') return marked ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((member) => secretStrings(member as Value, marked));
}
