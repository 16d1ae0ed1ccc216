import { isObject, type Wire, type WireObject } from './signature';

/** Splits a property path such as `spec.containers[0]["image.name"]` into its keys. */
export const parsePath = (path: string): readonly (string | number)[] => {
  const keys: (string | number)[] = [];
  const part = /\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g;
  for (const match of path.matchAll(part)) {
    const [, quoted, index, name] = match;
    if (quoted !== undefined) keys.push(quoted.replace(/\\(.)/g, '$1'));
    else if (index !== undefined) keys.push(Number(index));
    else if (name !== undefined) keys.push(name);
  }
  return keys;
};

const childOf = (value: Wire | undefined, key: string | number): Wire | undefined => {
  if (Array.isArray(value)) return typeof key === 'number' ? (value[key] as Wire) : undefined;
  return isObject(value) ? value[String(key)] : undefined;
};

const get = (value: Wire, keys: readonly (string | number)[]): Wire | undefined =>
  keys.reduce<Wire | undefined>(childOf, value);

/** The value at a property path, if there is one. */
export const valueAt = (value: WireObject, path: string): Wire | undefined =>
  get(value, parsePath(path));

const put = (
  value: Wire | undefined,
  keys: readonly (string | number)[],
  leaf: Wire | undefined,
): Wire | undefined => {
  const [key, ...rest] = keys;
  if (key === undefined) return leaf;
  if (Array.isArray(value)) {
    if (typeof key !== 'number' || key >= value.length) return value;
    return value.map((child: Wire, at) => (at === key ? (put(child, rest, leaf) ?? null) : child));
  }
  // A path that does not exist in the new inputs is ignored unless the old value can be set there.
  if (!isObject(value)) return value;
  const changed = put(value[String(key)], rest, leaf);
  const others = Object.entries(value).filter(([name]) => name !== String(key));
  return Object.fromEntries(
    changed === undefined ? others : [...others, [String(key), changed] as const],
  );
};

/** The new inputs with the values at `paths` from the old ones; values that the old ones lack are removed. */
export const ignoreChanges = (
  news: WireObject,
  olds: WireObject,
  paths: readonly string[],
): WireObject =>
  paths.reduce<WireObject>((inputs, path) => {
    const keys = parsePath(path);
    return put(inputs, keys, get(olds, keys)) as WireObject;
  }, news);
