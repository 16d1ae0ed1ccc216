/** A value that is not known before the update. */
export const UNKNOWN: unique symbol = Symbol('unknown');

/** A place in a resource's properties, and what is there; `undefined` where nothing is. */
export interface Field {
  /** `spec.template.spec.containers[0].image` */
  readonly path: string;
  readonly value: unknown;
}

export type Properties = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member; of something unknown every member is unknown. */
export function memberOf({ path, value }: Field, name: string): Field {
  const at = path === '' ? name : `${path}.${name}`;
  if (value === UNKNOWN) return { path: at, value: UNKNOWN };
  return { path: at, value: isObject(value) ? value[name] : undefined };
}

/** The members of a list; none of what is no list, and one unknown of an unknown. */
export function itemsOf({ path, value }: Field): readonly Field[] {
  if (value === UNKNOWN) return [{ path: `${path}[*]`, value: UNKNOWN }];
  if (!Array.isArray(value)) return [];
  return value.map((item: unknown, index) => ({ path: `${path}[${index}]`, value: item }));
}

/** All places that a dotted path leads to; `*` is every member of a list. */
export function fieldsAt(root: Field, path: string): readonly Field[] {
  return path
    .split('.')
    .reduce<readonly Field[]>(
      (fields, step) =>
        fields.flatMap((field) => (step === '*' ? itemsOf(field) : [memberOf(field, step)])),
      [root],
    );
}
