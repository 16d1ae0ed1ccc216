import { Secret, type Value } from './wire-value';

/**
 * The same tree with its secret marks on the leaves only: an engine marks a whole object if the
 * program made it from one secret. What is absent is no secret.
 *
 * @param wholes - Receives the objects that were marked as a whole: the names in them are secret too.
 */
export function marksOnLeaves(value: Value, wholes?: WeakSet<object>, marked = false): Value {
  if (value instanceof Secret) return marksOnLeaves(value.value, wholes, true);
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) {
    return value.map((member: Value) => marksOnLeaves(member, wholes, marked));
  }
  if (typeof value === 'object') {
    const object: { readonly [name: string]: Value } = Object.fromEntries(
      Object.entries(value).map(([name, member]) => [
        name,
        marksOnLeaves(member as Value, wholes, marked),
      ]),
    );
    if (marked) wholes?.add(object);
    return object;
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
