/**
 * The name of a TypeScript type in the schema. There it has no suffix: the SDK generators add `Args` for inputs,
 * and would make `KeyArgsArgs` of `KeyArgs`.
 */
export function schemaName(type: string): string {
  return type.replace(/(?:Args|Output|Shape)$/, '');
}

const TYPE_TOKEN = /^((?:#\/types\/)?[a-z-]+:index:)(\w+)$/;

/** Renames all types of a schema and the references to them, and drops what a package schema does not have. */
export function withSchemaNames<T extends { types: Record<string, unknown> }>(schema: T): T {
  const names = new Map<string, string>();
  for (const key of Object.keys(schema.types)) {
    const renamed = rename(key);
    const other = names.get(renamed);
    if (other !== undefined) throw new Error(`${key} and ${other} have one name in the schema`);
    names.set(renamed, key);
  }
  const types = Object.fromEntries(
    Object.entries(schema.types).map(([key, type]) => [rename(key), withReferences(type)]),
  );
  return { ...(withReferences(schema) as T), types };
}

function rename(key: string): string {
  return key.replace(TYPE_TOKEN, (_, prefix: string, name: string) => prefix + schemaName(name));
}

function withReferences(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withReferences);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node)
      // The analyzer's own mark: in a package schema the object has a list of its required members.
      .filter(([key, value]) => key !== 'optional' || typeof value !== 'boolean')
      .map(([key, value]: readonly [string, unknown]) => [
        key,
        key === '$ref' && typeof value === 'string' ? rename(value) : withReferences(value),
      ]),
  );
}
