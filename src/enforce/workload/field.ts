/** A value that is not known before the update. */
export const UNKNOWN: unique symbol = Symbol('unknown');

/** A path in a resource's properties and its value; `undefined` if it does not exist. */
export interface Field {
  /** `spec.template.spec.containers[0].image` */
  readonly path: string;
  readonly value: unknown;
}

export type Properties = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns a member; every member of an unknown value is unknown. */
export function memberOf({ path, value }: Field, name: string): Field {
  const at = path === '' ? name : `${path}.${name}`;
  if (value === UNKNOWN) return { path: at, value: UNKNOWN };
  return { path: at, value: isObject(value) ? value[name] : undefined };
}

/** Returns the items of a list; empty if the value is not a list, and one unknown item if it is unknown. */
export function itemsOf({ path, value }: Field): readonly Field[] {
  if (value === UNKNOWN) return [{ path: `${path}[*]`, value: UNKNOWN }];
  if (!Array.isArray(value)) return [];
  return value.map((item: unknown, index) => ({ path: `${path}[${index}]`, value: item }));
}

/** Returns all fields that match a dotted path; `*` matches every item of a list. */
export function fieldsAt(root: Field, path: string): readonly Field[] {
  return path
    .split('.')
    .reduce<readonly Field[]>(
      (fields, step) =>
        fields.flatMap((field) => (step === '*' ? itemsOf(field) : [memberOf(field, step)])),
      [root],
    );
}
