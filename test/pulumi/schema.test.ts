import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { EXAMPLE_LANGUAGES } from '../../dev/schema/examples';
import { schemaText } from '../../dev/schema/package-schema';
import { type PackageSchema, undescribed } from '../../dev/schema/survey';
import { BUILDER_NAMES } from '../../src/build';
import { IDENTITY_PROVIDERS, INTERACTIVE_PROVIDERS } from '../../src/identity';
import * as enumModule from '../../src/pulumi/component/enums';
import { TRANSPARENCY_MODES } from '../../src/sign';

const ROOT = join(__dirname, '..', '..');
/** What a program declares itself; the other resources are parts of `SignedImage`. */
const WITH_EXAMPLES = [
  'SignedImage',
  'VerifiedImage',
  'AdmissionPolicy',
  'KyvernoPolicy',
  'KyvernoClusterPolicy',
  'PolicyControllerPolicy',
  'FluxVerification',
];
const { Builder, IdentityProvider, InteractiveLogin, Transparency } = enumModule;
const ENUM_OBJECTS: Readonly<Record<string, Readonly<Record<string, string>>>> = enumModule;

describe('schema.json', () => {
  const checkedIn = readFileSync(join(ROOT, 'schema.json'), 'utf8');
  const schema = JSON.parse(checkedIn) as PackageSchema;
  const enums = Object.fromEntries(
    Object.entries(schema.types).flatMap(([token, type]) =>
      type.enum ? [[token.split(':').at(-1) ?? '', type.enum.map(({ value }) => value)]] : [],
    ),
  );

  it('is what the types say; run `npm run schema` after a change', () => {
    expect(checkedIn).toBe(schemaText());
  });

  it('has the same values in its enums as the modules that read them', () => {
    expect(Object.values(Builder)).toEqual(BUILDER_NAMES);
    expect(Object.values(IdentityProvider)).toEqual(IDENTITY_PROVIDERS);
    expect(Object.values(InteractiveLogin)).toEqual(INTERACTIVE_PROVIDERS);
    expect(Object.values(Transparency)).toEqual(TRANSPARENCY_MODES);
    // The order of the values is the analyzer's.
    for (const [name, values] of Object.entries(enums)) {
      const inTypeScript = Object.values(ENUM_OBJECTS[name] ?? {});
      expect([name, [...values].sort()]).toEqual([name, inTypeScript.sort()]);
    }
  });

  it('has a description of every resource, type, property and enum value', () => {
    expect(undescribed(schema)).toEqual([]);
    expect(checkedIn).not.toContain('[object Object]');
  });

  it('has an example in every language for the resources that a program declares', () => {
    for (const name of WITH_EXAMPLES) {
      const { description = '' } = schema.resources[`signed-image:index:${name}`] ?? {};
      const languages = [...description.matchAll(/^```(\w+)$/gm)].map(([, language]) => language);
      expect([...new Set(languages)]).toEqual(EXAMPLE_LANGUAGES);
    }
  });

  it('has no type whose name the SDK generators would make `...ArgsArgs` or `...OutputOutput` of', () => {
    expect(Object.keys(schema.types).filter((name) => /(?:Args|Output)$/.test(name))).toEqual([]);
  });

  it('has no type that is both of a configuration variable and of an input of a function, on which the Java generator fails', () => {
    const typesOf = (node: unknown): readonly string[] =>
      [...JSON.stringify(node).matchAll(/"#\/types\/([^"]+)"/g)].flatMap(([, type = '']) =>
        schema.types[type]?.enum === undefined ? [type] : [],
      );
    const inputs = Object.values(schema.functions).map((each) => typesOf(each.inputs));
    expect(inputs.flat()).toContain('signed-image:index:Sigstore');
    expect(typesOf(schema.config).filter((type) => inputs.flat().includes(type))).toEqual([]);
  });

  it('has no plain items of an object type, whose input type the Go generator omits', () => {
    const lists = Object.entries(schema.resources).flatMap(([token, { inputProperties = {} }]) =>
      Object.entries(inputProperties).map(([name, { items }]) => ({
        at: `${token}.${name}`,
        items,
      })),
    );
    expect(lists.filter(({ items }) => items?.$ref !== undefined)).not.toEqual([]);
    expect(lists.filter(({ items }) => items?.$ref !== undefined && items.plain === true)).toEqual(
      [],
    );
  });

  it('has what the Pulumi Registry asks for, and the logo that it names', () => {
    expect(schema).toMatchObject({
      displayName: expect.any(String) as string,
      publisher: expect.any(String) as string,
      homepage: expect.stringMatching(/^https:/) as string,
      repository: expect.stringMatching(/^https:/) as string,
      license: 'Apache-2.0',
      pluginDownloadURL: expect.stringMatching(/^github:/) as string,
      keywords: expect.arrayContaining(['kind/component', 'category/utility']) as string[],
    });
    expect(existsSync(join(ROOT, schema.logoUrl.replace(/^.*\/main\//, '')))).toBe(true);
  });

  it('has its configuration in the page for the Pulumi Registry, all of it', () => {
    const page = readFileSync(join(ROOT, 'docs', 'installation-configuration.md'), 'utf8');
    const documented = [...page.matchAll(/^\| `signed-image:(\w+)`/gm)].map(([, name]) => name);
    expect(documented).toEqual(Object.keys(schema.provider.inputProperties ?? {}));
  });
});
