import { parseBoundedJson } from './json-bounds';

export type JsonObject = Readonly<Record<string, unknown>>;

/** The JSON object of a body; `undefined` for anything else. */
export function jsonObject(body: Buffer): JsonObject | undefined {
  try {
    const value = parseBoundedJson(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : undefined;
  } catch {
    return undefined;
  }
}
