import { Secret, type Value } from './wire-value';

/**
 * Moves the secret marks of a tree to its leaves: the engine marks a whole object if the program
 * created it from one secret. An absent value is not secret.
 *
 * @param wholes - Receives the objects that were marked as a whole: their member names are secret too.
 */
export function markLeaves(value: Value, wholes?: WeakSet<object>, marked = false): Value {
  if (value instanceof Secret) return markLeaves(value.value, wholes, true);
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) {
    return value.map((member: Value) => markLeaves(member, wholes, marked));
  }
  if (typeof value === 'object') {
    const object: { readonly [name: string]: Value } = Object.fromEntries(
      Object.entries(value).map(([name, member]) => [
        name,
        markLeaves(member as Value, wholes, marked),
      ]),
    );
    if (marked) wholes?.add(object);
    return object;
  }
  return marked ? new Secret(value) : value;
}

/** Returns all strings that are marked as secret. */
export function secretStrings(value: Value, marked = false): readonly string[] {
  if (value instanceof Secret) return secretStrings(value.value, true);
  if (typeof value === 'string') return marked ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((member) => secretStrings(member as Value, marked));
}
