import { join } from 'node:path';

import { Analyzer } from '@pulumi/pulumi/provider/experimental/analyzer';
import {
  generateSchema,
  type PackageSpec,
  type Property,
} from '@pulumi/pulumi/provider/experimental/schema';

import { PACKAGE_NAME, PACKAGE_VERSION, token } from '../../src/pulumi/package';
import {
  FUNCTION_INPUTS,
  type FunctionName,
  guardedMembers,
} from '../../src/pulumi/secrecy/input-table';
import { type Documentation, readDocumentation } from './documentation';
import { resourceExamples } from './examples';
import { LANGUAGES, PACKAGE_METADATA } from './metadata';
import { withSchemaNames } from './names';

const COMPONENT = 'SignedImage';
const CUSTOM = ['SigningPlan', 'ImageBuild', 'ImageSignature', 'VerifiedImage'] as const;
const POLICIES = [
  'AdmissionPolicy',
  'KyvernoPolicy',
  'KyvernoClusterPolicy',
  'PolicyControllerPolicy',
  'FluxVerification',
] as const;
/** The interfaces of their arguments, for the descriptions. */
const SIGNER_ARGUMENTS = ['SignerPolicyArgs'];
const POLICY_ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  AdmissionPolicy: ['AdmissionPolicyArgs', 'DigestPolicyArgs'],
  KyvernoPolicy: ['KyvernoPolicyArgs', ...SIGNER_ARGUMENTS],
  KyvernoClusterPolicy: SIGNER_ARGUMENTS,
  PolicyControllerPolicy: SIGNER_ARGUMENTS,
  FluxVerification: ['FluxVerificationArgs', ...SIGNER_ARGUMENTS],
};
const RESOURCES = [COMPONENT, ...CUSTOM, ...POLICIES] as const;
const PROVIDER = 'Provider';
const FUNCTIONS = Object.keys(FUNCTION_INPUTS) as FunctionName[];

/** The class that has the shape of a function. */
const shapeOf = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

const DESCRIPTION =
  'Builds, pushes, signs and verifies a container image, and hands on only the verified digest';

const SOURCES = join(__dirname, '..', '..', 'src');
const DOCUMENTED = [
  'enforce/admission',
  'pulumi/component',
  'pulumi/resources',
  'pulumi/functions',
].map((folder) => join(SOURCES, folder));

/** Numbers that are integers: TypeScript cannot say so. */
const INTEGERS: readonly (readonly [type: string, member: string])[] = [
  ...['version', 'read', 'known', 'remaining', 'findingCount'].map(
    (member) => ['AuditLogResult', member] as const,
  ),
  ['SigstoreArgs', 'rekorVersion'],
  ['LogEntryOutput', 'integratedTime'],
];

interface Described {
  description?: string | undefined;
}

/** A property whose type may be one of the schema's own. */
type Referring = Partial<Property> & { readonly $ref?: string; readonly secret?: boolean };

/** What the analyzer's own types do not have. */
type Amended = { -readonly [key in keyof Property]: Property[key] } & {
  secret?: boolean;
  type?: string;
};

/**
 * The Pulumi package schema, from the types themselves: Pulumi's analyzer, and what it cannot
 * express added here (a getter's type, secrets, custom resources, descriptions of types, metadata).
 *
 * https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/
 */
export function packageSchema(): PackageSpec {
  const analyzer = new Analyzer(
    join(__dirname),
    PACKAGE_NAME,
    { name: PACKAGE_NAME, main: 'shapes.ts' },
    new Set<string>([PROVIDER, ...FUNCTIONS.map(shapeOf), ...RESOURCES]),
  );
  const { components, typeDefinitions, dependencies } = analyzer.analyze();
  const schema = generateSchema(
    PACKAGE_NAME,
    PACKAGE_VERSION,
    DESCRIPTION,
    components,
    typeDefinitions,
    dependencies,
  );
  for (const name of CUSTOM) delete schema.resources[token(name)]?.isComponent;
  addGetters(schema);
  for (const [type, member] of guardedMembers()) propertyOf(schema, type, member).secret = true;
  for (const [type, member] of INTEGERS) propertyOf(schema, type, member).type = 'integer';
  const documented = readDocumentation([__dirname, ...DOCUMENTED]);
  const provider = takeProvider(schema, documented);
  const functions = takeFunctions(schema, documented);
  describe(schema, documented);
  for (const resource of Object.values(schema.resources)) unplainItems(resource.inputProperties);
  const config = { variables: ownTypes(schema, provider.inputProperties, functions) };
  return withSchemaNames({
    ...schema,
    config,
    provider,
    functions,
    ...PACKAGE_METADATA,
    language: LANGUAGES,
  });
}

function propertyOf(schema: PackageSpec, type: string, member: string): Amended {
  const property = schema.types[token(type)]?.properties?.[member];
  if (!property) throw new Error(`the schema has no ${type}.${member}`);
  return property as Amended;
}

/** The analyzer ignores getters, and refuses the branded type of `imageRef`. */
function addGetters(schema: PackageSpec): void {
  const component = schema.resources[token(COMPONENT)];
  if (!component?.properties) throw new Error(`the schema has no ${COMPONENT}`);
  component.properties['imageRef'] = { type: 'string' };
  component.properties['proof'] = { type: 'string' };
  component.required = [...(component.required ?? []), 'imageRef'].sort();
}

/** Adds the descriptions of resources, their outputs and types, and examples in every language. */
function describe(schema: PackageSpec, documented: ReadonlyMap<string, Documentation>): void {
  const of = (name: string): Documentation => {
    const documentation = documented.get(name);
    if (documentation) return documentation;
    throw new Error(`${name} has no documentation comment`);
  };
  for (const name of RESOURCES) {
    const resource = schema.resources[token(name)];
    const { description, members } = of(name);
    if (!resource) throw new Error(`the schema has no ${name}`);
    (resource as Described).description = `${description}${resourceExamples(name)}`;
    for (const [member, property] of Object.entries(resource.properties ?? {})) {
      (property as Described).description ??= members[member];
    }
    const inputs = POLICY_ARGUMENTS[name] ?? [];
    for (const [member, property] of Object.entries(resource.inputProperties ?? {})) {
      (property as Described).description ??= inputs
        .map((each) => of(each).members[member])
        .find((text) => text !== undefined);
    }
  }
  for (const [key, type] of Object.entries(schema.types)) {
    const { description, members } = of(realName(key));
    (type as Described).description = description;
    for (const [member, property] of Object.entries(type.properties ?? {})) {
      (property as Described).description ??= members[member];
    }
  }
}

/** The provider, which is not a resource in a schema. */
function takeProvider(schema: PackageSpec, documented: ReadonlyMap<string, Documentation>) {
  const { inputProperties = {} } = schema.resources[token(PROVIDER)] ?? {};
  delete schema.resources[token(PROVIDER)];
  // Its credentials are in the JSON text of this input.
  const inputs: Readonly<Record<string, Referring>> = {
    ...inputProperties,
    registry: { ...inputProperties['registry'], secret: true },
  };
  return { description: documented.get(PROVIDER)?.description, inputProperties: inputs };
}

/**
 * The Go generator does not write the input type of a type that is only used as a plain item, and so its SDK would not
 * compile. The list itself stays plain.
 */
function unplainItems(inputs: Readonly<Record<string, Property>> = {}): void {
  for (const { items } of Object.values(inputs)) {
    if (items !== undefined && '$ref' in items) delete (items as { plain?: boolean }).plain;
  }
}

/**
 * The variables of the package configuration, which are the inputs of the provider. A type that is also an input of a
 * function gets a copy with a name of its own: the Java generator writes both as the same class, and fails.
 */
function ownTypes(
  schema: PackageSpec,
  inputs: Readonly<Record<string, Referring>>,
  functions: Readonly<Record<string, unknown>>,
): Record<string, Referring> {
  const ofFunctions = JSON.stringify(functions);
  const variables = Object.entries(inputs).map(([name, input]): [string, Referring] => {
    const { $ref = '' } = input;
    const key = $ref.replace('#/types/', '');
    const type = schema.types[key];
    if (type?.properties === undefined || !ofFunctions.includes(`"${$ref}"`)) return [name, input];
    const copy = key.replace(/(\w+)$/, 'Config$1');
    schema.types[copy] = type;
    return [name, { ...input, $ref: `#/types/${copy}` }];
  });
  return Object.fromEntries(variables);
}

/** Inputs of functions that are integers. */
const INTEGER_INPUTS: readonly string[] = ['from', 'maxEntries'];

/** The functions: the result of a shape, and its inputs or those of `VerifiedImage`. */
function takeFunctions(
  schema: PackageSpec,
  documented: ReadonlyMap<string, Documentation>,
): Record<string, unknown> {
  const { inputProperties = {} } = schema.resources[token('VerifiedImage')] ?? {};
  return Object.fromEntries(
    FUNCTIONS.map((name) => {
      const result = `${shapeOf(name)}Result`;
      const { properties, required } = schema.types[token(result)] ?? {};
      const own = schema.resources[token(shapeOf(name))]?.inputProperties ?? {};
      delete schema.resources[token(shapeOf(name))];
      delete schema.types[token(result)];
      const inputs = Object.fromEntries(
        Object.keys(FUNCTION_INPUTS[name]).map((input) => {
          const property = own[input] ?? inputProperties[input];
          return [
            input,
            INTEGER_INPUTS.includes(input) ? { ...property, type: 'integer' } : property,
          ];
        }),
      );
      return [
        token(name),
        {
          description: documented.get(name)?.description,
          inputs: {
            type: 'object',
            properties: inputs,
            ...('image' in inputs && { required: ['image'] }),
          },
          outputs: {
            type: 'object',
            description: documented.get(result)?.description,
            properties,
            required,
          },
        },
      ];
    }),
  );
}

/** The interface that a shape stands for. */
function realName(key: string): string {
  const name = key.split(':').at(-1) ?? '';
  return name.startsWith('Flux') ? name : name.replace(/Shape$/, '');
}

/** The text of schema.json. */
export function schemaText(): string {
  return `${JSON.stringify(packageSchema(), null, 2)}\n`;
}
