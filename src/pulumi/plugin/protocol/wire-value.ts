/**
 * The engine's value encoding, decoded into trees of plain values in which a secret is a `Secret`
 * and an unknown is `UNKNOWN`, and back.
 *
 * https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/runtime/rpc.ts (signatures)
 */
export class Secret {
  constructor(readonly value: Value) {}
}

/** A value that is not known yet; occurs in previews only. */
export const UNKNOWN: unique symbol = Symbol('unknown');

export type Value =
  | null
  | boolean
  | number
  | string
  | Secret
  | typeof UNKNOWN
  | readonly Value[]
  | { readonly [name: string]: Value };

export type Properties = Readonly<Record<string, Value>>;

const SIGNATURE = '4dabf18193072939515e22adb298388d';
const SECRET = '1b47061264138c4ac30d75fd1eb44270';
const OUTPUT = 'd0e6a833031e9bbcd3f4e8bde6ca49a4';
const UNKNOWNS: ReadonlySet<string> = new Set([
  '04da6b54-80e4-46f7-96ec-b56ff0331ba9', // computed or string
  '1c4a061d-8072-4f0a-a4cb-0ff528b18fe7', // bool
  '3eeb2bf0-c639-47a8-9e75-3b44932eb421', // number
  '6a19a0b0-7e62-4c92-b797-7f8e31da9cc2', // array
  '030794c1-ac77-496b-92df-f27374a8bd58', // asset
  'e48ece36-62e2-4504-bad9-02848725956a', // archive
  'dd056dcd-154b-4c76-9bd3-c8f88648b5ff', // object
]);
const UNKNOWN_WIRE = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

export function decode(wire: unknown): Value {
  if (typeof wire === 'string') return UNKNOWNS.has(wire) ? UNKNOWN : wire;
  if (Array.isArray(wire)) return wire.map(decode);
  if (typeof wire !== 'object' || wire === null) return (wire ?? null) as Value;
  const object = wire as Record<string, unknown>;
  if (object[SIGNATURE] === SECRET) return new Secret(decode(object['value']));
  if (object[SIGNATURE] === OUTPUT) {
    const value = 'value' in object ? decode(object['value']) : UNKNOWN;
    return object['secret'] === true ? new Secret(value) : value;
  }
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, decode(value)]));
}

export function decodeProperties(wire: Record<string, unknown>): Properties {
  return decode(wire) as Properties;
}

export function encode(value: Value): unknown {
  if (value === UNKNOWN) return UNKNOWN_WIRE;
  if (value instanceof Secret) return { [SIGNATURE]: SECRET, value: encode(value.value) };
  if (Array.isArray(value)) return value.map(encode);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      // A Struct has no `undefined`.
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [name, encode(member as Value)]),
  );
}

export function encodeProperties(properties: Properties): Record<string, unknown> {
  return encode(properties) as Record<string, unknown>;
}

/** Removes the secret marks of a tree. */
export function reveal(value: Value): Value {
  if (value instanceof Secret) return reveal(value.value);
  if (Array.isArray(value)) return value.map(reveal);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, reveal(member as Value)]),
  );
}

/** Whether any part of the value is not known yet. */
export function hasUnknown(value: Value | undefined): boolean {
  if (value === UNKNOWN) return true;
  if (value instanceof Secret) return hasUnknown(value.value);
  if (Array.isArray(value)) return value.some(hasUnknown);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((member) => hasUnknown(member as Value));
}

/** Whether any part of the value is secret. */
export function hasSecret(value: Value | undefined): boolean {
  if (value instanceof Secret) return true;
  if (Array.isArray(value)) return value.some(hasSecret);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((member) => hasSecret(member as Value));
}

/** Converts a JSON value to a tree; members that are `undefined` are left out. */
export function toValue(plain: unknown): Value {
  if (plain instanceof Secret || plain === UNKNOWN) return plain as Value;
  if (Array.isArray(plain)) return plain.map(toValue);
  if (typeof plain !== 'object' || plain === null) return (plain ?? null) as Value;
  return Object.fromEntries(
    Object.entries(plain)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [name, toValue(member)]),
  );
}

/**
 * Deep equality that ignores secret marks; an unknown value equals nothing. An empty map, list or object equals an absent
 * one, as in `annotations: {}`.
 */
export function equalValues(left: Value | undefined, right: Value | undefined): boolean {
  const a = left instanceof Secret ? left.value : left;
  const b = right instanceof Secret ? right.value : right;
  if (a instanceof Secret || b instanceof Secret) return equalValues(a, b);
  if (a === UNKNOWN || b === UNKNOWN) return false;
  if (isEmpty(a) || isEmpty(b)) return isEmpty(a) && isEmpty(b);
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((member, index) => equalValues(member as Value, b[index] as Value));
  }
  if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null) {
    const names = new Set([...Object.keys(a), ...Object.keys(b)]);
    const [x, y] = [a as Properties, b as Properties];
    return [...names].every((name) => equalValues(x[name] ?? null, y[name] ?? null));
  }
  return (a ?? null) === (b ?? null);
}

/** Whether a value is absent, or a map, list or object without any value; an empty text is a value. */
function isEmpty(value: Value | undefined): boolean {
  if (value instanceof Secret) return isEmpty(value.value);
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.values(value).every((member) => isEmpty(member));
}

/** Inputs that have an effect without any member: `keyless: {}` signs with the detected identity. */
const EFFECTIVE_IF_EMPTY: ReadonlySet<string> = new Set(['build', 'key', 'keyless']);

/**
 * Returns the names of the inputs that differ; an unknown value counts as different.
 *
 * @param effectiveIfEmpty further inputs that have an effect without any member
 */
export function changedInputs(
  olds: Properties,
  news: Properties,
  effectiveIfEmpty: readonly string[] = [],
): readonly string[] {
  const names = new Set([...Object.keys(olds), ...Object.keys(news)]);
  const isDeclared = (value: Value | undefined) => (revealed(value) ?? null) !== null;
  return [...names]
    .filter((name) => {
      const isEffective = EFFECTIVE_IF_EMPTY.has(name) || effectiveIfEmpty.includes(name);
      const isSame = !isEffective || isDeclared(olds[name]) === isDeclared(news[name]);
      return !isSame || !equalValues(olds[name], news[name]);
    })
    .sort();
}

const revealed = (value: Value | undefined): Value | undefined =>
  value instanceof Secret ? revealed(value.value) : value;

/** Whether any of these inputs differs. */
export function differsIn(olds: Properties, news: Properties, names: readonly string[]): boolean {
  return names.some((name) => !equalValues(olds[name], news[name]));
}
