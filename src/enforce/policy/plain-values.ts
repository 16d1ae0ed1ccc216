import { isObject, type Properties, UNKNOWN } from '../workload';

/**
 * What a policy is given throws where a value is not known yet, which would end the whole policy:
 * an unknown label would hide a known image.
 */
function isUnknownValue(error: unknown): boolean {
  return error instanceof Error && 'unknownTypeSentinel' in error;
}

function member(object: Readonly<Record<string, unknown>>, name: string): unknown {
  try {
    return plain(object[name]);
  } catch (error) {
    if (isUnknownValue(error)) return UNKNOWN;
    throw error;
  }
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) {
    return Array.from({ length: value.length }, (_, index) =>
      member(value as unknown as Readonly<Record<string, unknown>>, String(index)),
    );
  }
  return isObject(value) ? plainValues(value) : value;
}

/** The properties as values, and what only an update will know marked. */
export function plainValues(properties: Readonly<Record<string, unknown>>): Properties {
  return Object.fromEntries(
    Object.keys(properties).map((name) => [name, member(properties, name)] as const),
  );
}
