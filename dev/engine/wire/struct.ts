import { Struct, type JavaScriptValue } from 'google-protobuf/google/protobuf/struct_pb';
import type { Wire, WireObject } from './signature';

/** `Struct.fromJavaScript` throws on `undefined`, which plain objects may contain. */
const withoutUndefined = (value: Wire): Wire => {
  if (Array.isArray(value)) return value.map((child: Wire) => withoutUndefined(child ?? null));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, child]) => child !== undefined)
      .map(([key, child]) => [key, withoutUndefined(child)]),
  );
};

export const toStruct = (object: WireObject): Struct =>
  Struct.fromJavaScript(withoutUndefined(object) as Record<string, JavaScriptValue>);

export const fromStruct = (struct: Struct | undefined): WireObject =>
  struct === undefined ? {} : (struct.toJavaScript() as WireObject);
