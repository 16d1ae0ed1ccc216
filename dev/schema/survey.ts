export interface SchemaProperty {
  readonly description?: string;
  readonly secret?: boolean;
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
