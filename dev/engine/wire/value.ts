import {
  isObject,
  isOutputValue,
  isSecret,
  OUTPUT_VALUE,
  secret,
  SIGNATURE,
  UNKNOWN,
  type Wire,
  type WireObject,
} from './signature';

const mapChildren = (value: Wire, change: (child: Wire) => Wire): Wire => {
  if (Array.isArray(value)) return value.map((child: Wire) => change(child));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, change(child)]));
};

const some = (value: Wire, test: (value: Wire) => boolean): boolean => {
  if (test(value)) return true;
  if (Array.isArray(value)) return value.some((child: Wire) => some(child, test));
  return isObject(value) && Object.values(value).some((child) => some(child, test));
};

/**
 * Output values have dependencies and exist only between a program and `Construct`. Elsewhere they are an unknown, a
 * secret or the value itself.
 */
export const flattenOutputs = (value: Wire): Wire => {
  if (!isOutputValue(value)) return mapChildren(value, flattenOutputs);
  const inner = value['value'] === undefined ? UNKNOWN : flattenOutputs(value['value']);
  return value['secret'] === true ? secret(inner) : inner;
};

export const flattenObject = (object: WireObject): WireObject =>
  flattenOutputs(object) as WireObject;

const outputValue = (fields: WireObject): WireObject => ({ [SIGNATURE]: OUTPUT_VALUE, ...fields });

/**
 * Secrets and unknowns as output values, as the real engine gives them to `Construct`: SDKs without output values (Java)
 * send them as they are, and the SDK of the plugin would take the whole input for a secret or unknown.
 */
export const upgradeOutputs = (value: Wire): Wire => {
  if (value === UNKNOWN) return outputValue({});
  if (!isSecret(value)) return mapChildren(value, upgradeOutputs);
  const inner = reveal(value);
  return outputValue({
    secret: true,
    ...(inner !== UNKNOWN && { value: upgradeOutputs(inner) }),
  });
};

/** The value without any secret wrapping, at any depth. */
export const reveal = (value: Wire): Wire =>
  isSecret(value) ? reveal(value['value'] ?? null) : mapChildren(value, reveal);

/** Replaces every secret by a fixed text, for display. */
export const mask = (value: Wire): Wire => {
  if (isSecret(value)) return '[secret]';
  return value === UNKNOWN ? '[unknown]' : mapChildren(value, mask);
};

export const hasSecret = (value: Wire): boolean => some(value, isSecret);

export const hasUnknown = (value: Wire): boolean => some(value, (child) => child === UNKNOWN);

/** Marks the named top-level properties as secret. */
export const markSecrets = (object: WireObject, names: readonly string[]): WireObject => {
  const marked: Record<string, Wire> = { ...object };
  for (const name of names) {
    const value = marked[name];
    if (value !== undefined) marked[name] = secret(value);
  }
  return marked;
};

export const wireEquals = (left: Wire | undefined, right: Wire | undefined): boolean => {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return (
      left.length === right.length &&
      left.every((child: Wire, index) => wireEquals(child, right[index] as Wire))
    );
  }
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && wireEquals(left[key], right[key]))
  );
};

/** Names of the top-level properties that differ. */
export const changedKeys = (left: WireObject, right: WireObject): readonly string[] =>
  [...new Set([...Object.keys(left), ...Object.keys(right)])]
    .filter((key) => !wireEquals(left[key], right[key]))
    .sort();
