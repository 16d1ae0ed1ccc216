import type { Problem } from '../../error';
import { nearestName, unknownName } from '../../error/unknown-name';

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

/** A member that does not exist. */
interface UnknownMember {
  readonly object: string;
  readonly name: string;
  readonly expected: readonly string[];
}

function unknownMembersOf(value: unknown, members: Members, object = ''): UnknownMember[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) {
    return value.flatMap((each, index) => unknownMembersOf(each, members, `${object}[${index}]`));
  }
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) => {
    if (member === undefined || member === null) return [];
    const slot = Object.hasOwn(members, name) ? members[name] : undefined;
    if (slot === undefined) return [{ object, name, expected: Object.keys(members) }];
    return slot === 'any' ? [] : unknownMembersOf(member, slot, pathOf(object, name));
  });
}

const pathOf = (object: string, name: string): string =>
  object === '' ? name : `${object}.${name}`;

/** The members of arguments that do not exist. */
export interface MisspeltMembers {
  /** One problem for each: a requirement with a misspelt name would have no effect. */
  readonly problems: readonly Problem[];
  /** Whether the member with this path, or one that it is part of, was probably meant by a misspelt name. */
  isMeant(property: string): boolean;
}

/** Finds the members of arguments that do not exist, and those that were meant. */
export function misspeltMembers(args: object, members: Members): MisspeltMembers {
  const unknown = unknownMembersOf(args, members);
  const meant = unknown.flatMap(({ object, name, expected }) => {
    const nearest = nearestName(name, expected);
    return nearest === undefined ? [] : [pathOf(object, nearest)];
  });
  return {
    problems: unknown.map(({ object, name, expected }) => ({
      property: pathOf(object, name),
      code: 'INPUT_INVALID',
      message: unknownName(name, expected),
    })),
    isMeant: (property) =>
      meant.some(
        (path) =>
          property === path || property.startsWith(`${path}.`) || property.startsWith(`${path}[`),
      ),
  };
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
