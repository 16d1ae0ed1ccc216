import type { Problem } from '../../error';
import { unknownName } from '../../error/unknown-name';

/** `any`: a value, or a map with names that the caller chose. */
type Slot<Value> = Value extends readonly (infer Each)[]
  ? Slot<Each>
  : Value extends string | number | boolean
    ? 'any'
    : string extends keyof Value
      ? 'any'
      : MembersOf<Value>;

/** The members of an object. The compiler refuses a table that differs from the interface. */
export type MembersOf<Value> = {
  readonly [Name in keyof Required<Value>]: Slot<Required<Value>[Name]>;
};

export type Members = { readonly [name: string]: 'any' | Members };

/** Reports the members of arguments that do not exist: a requirement with a misspelt name would have no effect. */
export function unknownMemberProblems(value: unknown, members: Members, path = ''): Problem[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) {
    return value.flatMap((each, index) =>
      unknownMemberProblems(each, members, `${path}[${index}]`),
    );
  }
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) => {
    if (member === undefined || member === null) return [];
    const property = path === '' ? name : `${path}.${name}`;
    const slot = Object.hasOwn(members, name) ? members[name] : undefined;
    if (slot === undefined) {
      return [
        { property, code: 'INPUT_INVALID', message: unknownName(name, Object.keys(members)) },
      ];
    }
    return slot === 'any' ? [] : unknownMemberProblems(member, slot, property);
  });
}

/** The members that are lists, in the arguments of any policy. */
const LISTS = ['images', 'keys', 'identities', 'exempt', 'namespaces'] as const;

/**
 * Reports an absent `images` and values that are not lists: a program in JavaScript or YAML may give them, and a misspelt
 * `images` is absent. Nothing else can be validated then.
 */
export function listProblems(args: object): Problem[] {
  return LISTS.flatMap((property): Problem[] => {
    const value = (args as Readonly<Record<string, unknown>>)[property] ?? undefined;
    if (Array.isArray(value)) return [];
    if (value !== undefined)
      return [{ property, code: 'INPUT_INVALID', message: 'must be a list' }];
    return property === 'images'
      ? [{ property, code: 'INPUT_INVALID', message: 'is required' }]
      : [];
  });
}
