import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Property {
  readonly type?: string;
  readonly $ref?: string;
  readonly items?: Property;
  readonly additionalProperties?: Property;
}
interface Schema {
  readonly resources: Readonly<
    Record<string, { readonly inputProperties: Readonly<Record<string, Property>> }>
  >;
  readonly types: Readonly<
    Record<string, { readonly properties?: Readonly<Record<string, Property>> }>
  >;
}

/** One input of a resource that holds a value: the way to it, a map by one key, a list by its first member. */
export interface InputPath {
  readonly resource: string;
  readonly steps: readonly (string | number)[];
}

export const schema = JSON.parse(
  readFileSync(join(__dirname, '..', '..', '..', 'schema.json'), 'utf8'),
) as Schema;

/** Every input of every resource of the schema, to its leaves. */
export function inputPaths(): readonly InputPath[] {
  return Object.entries(schema.resources).flatMap(([token, { inputProperties }]) =>
    leavesOf(inputProperties).map((steps) => ({ resource: token.split(':').at(-1) ?? '', steps })),
  );
}

type Steps = readonly (string | number)[];

function leavesOf(properties: Readonly<Record<string, Property>>): readonly Steps[] {
  return Object.entries(properties).flatMap(([name, property]) =>
    leaves(property).map((rest) => [name, ...rest]),
  );
}

function leaves({ $ref, items, additionalProperties }: Property): readonly Steps[] {
  if ($ref !== undefined) {
    const type = schema.types[$ref.replace('#/types/', '')];
    if (!type) throw new Error(`the schema has no ${$ref}`);
    // An enum is a leaf.
    return type.properties ? leavesOf(type.properties) : [[]];
  }
  if (items) return leaves(items).map((rest) => [0, ...rest]);
  // A name that every kind of map accepts: annotation, label, argument, build secret.
  if (additionalProperties) return leaves(additionalProperties).map((rest) => ['SAMPLE', ...rest]);
  return [[]];
}

/** `declared` with `value` at this path; objects and lists on the way are made. */
export function withValue(declared: unknown, steps: Steps, value: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (typeof step === 'number') return [withValue(undefined, rest, value)];
  const object = (declared ?? {}) as Readonly<Record<string, unknown>>;
  return { ...object, [step]: withValue(object[step], rest, value) };
}

/** The same with everything below this prefix wrapped, as a program marks a secret. */
export function wrapped(
  declared: unknown,
  steps: Steps,
  wrap: (value: unknown) => unknown,
): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return wrap(declared);
  if (Array.isArray(declared)) {
    return declared.map((each: unknown, index) =>
      index === step ? wrapped(each, rest, wrap) : each,
    );
  }
  const object = declared as Readonly<Record<string, unknown>>;
  return { ...object, [step]: wrapped(object[String(step)], rest, wrap) };
}
