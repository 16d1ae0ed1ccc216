import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { schemaName } from '../../../dev/schema/names';
import {
  guardedMembers,
  INPUT_TYPES,
  type Members,
  RESOURCE_INPUTS,
} from '../../../src/pulumi/secrecy/input-table';

interface Property {
  readonly $ref?: string;
  readonly items?: { readonly $ref?: string };
  readonly secret?: boolean;
}
interface Schema {
  readonly resources: Readonly<
    Record<string, { readonly inputProperties: Readonly<Record<string, Property>> }>
  >;
  readonly types: Readonly<
    Record<string, { readonly properties?: Readonly<Record<string, Property>> }>
  >;
}

const schema = JSON.parse(
  readFileSync(join(__dirname, '..', '..', '..', 'schema.json'), 'utf8'),
) as Schema;
const nameOf = (token: string): string => token.split(':').at(-1) ?? '';
const referenced = ({ $ref, items }: Property): string | undefined => {
  const reference = $ref ?? items?.$ref;
  // An enum has no members: it is a value.
  const isObject = reference && schema.types[reference.replace('#/types/', '')]?.properties;
  return isObject ? nameOf(reference) : undefined;
};

/** The shape of an object in the schema: each member, with the type that it refers to. */
const shapeOf = (properties: Readonly<Record<string, Property>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [name, referenced(property) ?? 'value']),
  );
const shapeInTable = (members: Members): Record<string, string> =>
  Object.fromEntries(
    Object.entries(members).map(([name, member]) => [
      name,
      typeof member === 'object' ? schemaName(member.type) : 'value',
    ]),
  );

describe('the table of secret inputs', () => {
  it('has every resource of the schema, each with exactly its inputs', () => {
    const inSchema = Object.fromEntries(
      Object.entries(schema.resources).map(([token, { inputProperties }]) => [
        nameOf(token),
        shapeOf(inputProperties),
      ]),
    );
    const inTable = Object.fromEntries(
      Object.entries(RESOURCE_INPUTS).map(([name, members]) => [name, shapeInTable(members)]),
    );
    expect(inTable).toEqual(inSchema);
  });

  it.each(Object.entries(INPUT_TYPES))(
    'has the members of %s as the schema has them',
    (name, members) => {
      expect(shapeInTable(members)).toEqual(
        shapeOf(schema.types[`signed-image:index:${schemaName(name)}`]?.properties ?? {}),
      );
    },
  );

  it('is what the schema declares as secret, for every language', () => {
    const inSchema = Object.entries(schema.types).flatMap(([token, { properties = {} }]) =>
      Object.entries(properties).flatMap(([name, { secret }]) =>
        secret === true ? [`${nameOf(token)}.${name}`] : [],
      ),
    );
    expect(inSchema.sort()).toEqual(
      guardedMembers()
        .map(([type, member]) => `${schemaName(type)}.${member}`)
        .sort(),
    );
    expect(inSchema).toEqual([
      'Build.secrets',
      'Key.password',
      'Key.ref',
      'ProviderRegistry.clientKey',
      'ProviderRegistry.password',
      'Registry.clientKey',
      'Registry.password',
    ]);
  });
});
