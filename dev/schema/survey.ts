export interface SchemaProperty {
  readonly description?: string;
  readonly secret?: boolean;
  readonly items?: { readonly $ref?: string; readonly plain?: boolean };
}

type Properties = Readonly<Record<string, SchemaProperty>>;

export interface SchemaType {
  readonly description?: string;
  readonly properties?: Properties;
  readonly enum?: readonly { readonly value: string; readonly description?: string }[];
}

export interface SchemaFunction {
  readonly description?: string;
  readonly inputs: { readonly properties: Properties };
  readonly outputs: { readonly properties: Properties };
}

export interface SchemaResource {
  readonly description?: string;
  readonly properties?: Properties;
  readonly inputProperties?: Properties;
}

/** The parts of a package schema that are counted. */
export interface PackageSchema {
  readonly logoUrl: string;
  readonly config: { readonly variables: Properties };
  readonly provider: SchemaResource;
  readonly functions: Readonly<Record<string, SchemaFunction>>;
  readonly resources: Readonly<Record<string, SchemaResource>>;
  readonly types: Readonly<Record<string, SchemaType>>;
}

/** The paths of everything in a schema that has no description. */
export function undescribed({
  resources,
  types,
  functions,
  provider,
}: PackageSchema): readonly string[] {
  const missing = (name: string, described: { readonly description?: string }): string[] =>
    described.description ? [] : [name];
  const members = (name: string, properties: Properties = {}): string[] =>
    Object.entries(properties).flatMap(([member, property]) =>
      missing(`${name}.${member}`, property),
    );
  return [
    ...Object.entries(functions).flatMap(([name, each]) => [
      ...missing(name, each),
      ...members(name, each.inputs.properties),
      ...members(name, each.outputs.properties),
    ]),
    ...Object.entries({ ...resources, provider }).flatMap(([name, resource]) => [
      ...missing(name, resource),
      ...members(name, resource.inputProperties),
      ...members(name, resource.properties),
    ]),
    ...Object.entries(types).flatMap(([name, type]) => [
      ...missing(name, type),
      ...members(name, type.properties),
      ...(type.enum ?? []).flatMap((each) => missing(`${name}.${each.value}`, each)),
    ]),
  ];
}

/** The counts that `npm run test:schema` prints. */
export function countsOf(schema: PackageSchema): Readonly<Record<string, number>> {
  const { resources, types, functions, provider } = schema;
  const objects = [
    ...Object.values(types),
    provider,
    ...Object.values(resources),
    ...Object.values(resources).map(({ inputProperties }) => ({ properties: inputProperties })),
    { properties: provider.inputProperties },
  ];
  const properties = objects.flatMap((each) => Object.values(each.properties ?? {}));
  return {
    resources: Object.keys(resources).length,
    functions: Object.keys(functions).length,
    types: Object.keys(types).length,
    enums: Object.values(types).filter((type) => type.enum).length,
    secrets: properties.filter(({ secret }) => secret === true).length,
    'descriptions missing': undescribed(schema).length,
  };
}
