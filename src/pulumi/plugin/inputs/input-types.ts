import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Problem } from '../../../error';
import { dottedPath, type Step } from './input-path';
import { providerType } from '../../package';
import { lazy } from '../protocol/first-use';
import { type Properties, Secret, UNKNOWN, type Value } from '../protocol/wire-value';

/** https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/#property */
interface Property {
  readonly type?: string;
  readonly $ref?: string;
  readonly items?: Property;
  readonly additionalProperties?: Property;
}

type Declared = Readonly<Record<string, Property>>;

/** An object, or an enum of strings. */
interface TypeDeclaration {
  readonly properties?: Declared;
  readonly enum?: readonly { readonly value: string }[];
}

interface Schema {
  readonly resources: Readonly<Record<string, { readonly inputProperties: Declared }>>;
  readonly provider: { readonly inputProperties: Declared };
  readonly functions: Readonly<
    Record<string, { readonly inputs: { readonly properties: Declared } }>
  >;
  readonly types: Readonly<Record<string, TypeDeclaration>>;
}

const schema = lazy(
  () =>
    JSON.parse(
      readFileSync(join(__dirname, '..', '..', '..', '..', 'schema.json'), 'utf8'),
    ) as Schema,
);

/**
 * Reports inputs that do not have the type that the schema declares. A program in JavaScript or YAML may
 * send them, and a resource reads some of its inputs only after it has written to the registry.
 */
export function inputTypeProblems(token: string, inputs: Properties): readonly Problem[] {
  return memberProblems(inputs, declaredInputs(token), []);
}

/** The inputs of a resource, a function or the provider. */
function declaredInputs(token: string): Declared {
  const { resources, functions, provider } = schema.get();
  if (token === providerType()) return provider.inputProperties;
  return resources[token]?.inputProperties ?? functions[token]?.inputs.properties ?? {};
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
  const typeProblem = (expected: string): readonly Problem[] => [
    { property: dottedPath(steps), code: 'INPUT_INVALID', message: `must be ${expected}` },
  ];
  const { $ref, items, additionalProperties } = property;
  const referenced = $ref === undefined ? undefined : schema.get().types[typeToken($ref)];
  // Which words an enum has is checked, and said, where the input is read.
  const type = referenced?.enum ? 'string' : property.type;
  if (type === 'array') {
    if (!Array.isArray(value)) return typeProblem('a list');
    return value.flatMap((each: Value, index) => problems(each, items, [...steps, index]));
  }
  if (referenced?.properties || type === 'object') {
    if (typeof value !== 'object' || Array.isArray(value)) return typeProblem('an object');
    const members = value as Properties;
    if (referenced?.properties) return memberProblems(members, referenced.properties, steps);
    return Object.entries(members).flatMap(([name, each]) =>
      problems(each, additionalProperties, [...steps, name]),
    );
  }
  const fits = type === 'integer' ? Number.isInteger(value) : typeof value === type;
  return fits ? [] : typeProblem(TYPE_NAMES[type ?? ''] ?? 'of another type');
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a string',
  boolean: 'true or false',
  number: 'a number',
  integer: 'a whole number',
};

function typeToken(reference: string): string {
  return reference.replace('#/types/', '');
}
