import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Problem } from '../../../error';
import { dottedPath, type Step } from './input-path';
import { onFirstUse } from '../protocol/first-use';
import { type Properties, Secret, UNKNOWN, type Value } from '../protocol/wire-value';

/** https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/#property */
interface Property {
  readonly type?: string;
  readonly $ref?: string;
  readonly items?: Property;
  readonly additionalProperties?: Property;
}

type Declared = Readonly<Record<string, Property>>;

interface Schema {
  readonly resources: Readonly<Record<string, { readonly inputProperties: Declared }>>;
  readonly types: Readonly<Record<string, { readonly properties: Declared }>>;
}

const schema = onFirstUse(
  () =>
    JSON.parse(
      readFileSync(join(__dirname, '..', '..', '..', '..', 'schema.json'), 'utf8'),
    ) as Schema,
);

/**
 * The inputs that are not of the type that the schema declares. A program in JavaScript or YAML may
 * send them, and a resource reads some of its inputs only after it has written to the registry.
 */
export function inputTypeProblems(resource: string, inputs: Properties): readonly Problem[] {
  const declared = schema.get().resources[resource]?.inputProperties ?? {};
  return memberProblems(inputs, declared, []);
}

function memberProblems(
  values: Properties,
  declared: Declared,
  steps: readonly Step[],
): readonly Problem[] {
  return Object.entries(values).flatMap(([name, value]) =>
    // An input that is not declared is reported by the guard.
    Object.hasOwn(declared, name) ? problems(value, declared[name], [...steps, name]) : [],
  );
}

function problems(
  value: Value,
  property: Property | undefined,
  steps: readonly Step[],
): readonly Problem[] {
  if (value instanceof Secret) return problems(value.value, property, steps);
  if (value === null || value === UNKNOWN || !property) return [];
  const wrong = (expected: string): readonly Problem[] => [
    { property: dottedPath(steps), code: 'INPUT_INVALID', message: `must be ${expected}` },
  ];
  const { type, $ref, items, additionalProperties } = property;
  if (type === 'array') {
    if (!Array.isArray(value)) return wrong('a list');
    return value.flatMap((each: Value, index) => problems(each, items, [...steps, index]));
  }
  if ($ref !== undefined || type === 'object') {
    if (typeof value !== 'object' || Array.isArray(value)) return wrong('an object');
    const members = value as Properties;
    if ($ref !== undefined) {
      const referenced = schema.get().types[$ref.replace('#/types/', '')];
      return memberProblems(members, referenced?.properties ?? {}, steps);
    }
    return Object.entries(members).flatMap(([name, each]) =>
      problems(each, additionalProperties, [...steps, name]),
    );
  }
  return typeof value === type ? [] : wrong(WORDS[type ?? ''] ?? 'of another type');
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'a string',
  boolean: 'true or false',
  number: 'a number',
};
