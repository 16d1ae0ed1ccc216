import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { load } from 'js-yaml';
import * as ts from 'typescript';

import { type EXAMPLE_LANGUAGES } from '../../../dev/schema/examples';

const ROOT = join(__dirname, '..', '..', '..');
const FOLDER = join(ROOT, 'dev', 'schema', 'examples');

type Language = (typeof EXAMPLE_LANGUAGES)[number];

interface Property {
  readonly $ref?: string;
  readonly items?: Property;
  readonly oneOf?: readonly Property[];
}

interface Schema {
  readonly resources: Readonly<
    Record<
      string,
      {
        readonly inputProperties?: Readonly<Record<string, Property>>;
        readonly properties?: Readonly<Record<string, Property>>;
      }
    >
  >;
  readonly types: Readonly<
    Record<string, { readonly properties?: Readonly<Record<string, Property>> }>
  >;
}

const schema = JSON.parse(readFileSync(join(ROOT, 'schema.json'), 'utf8')) as Schema;

/** The code of each language, in the order of the examples of the resource. */
function codeOf(file: string, language: Language): readonly string[] {
  const text = readFileSync(join(FOLDER, file), 'utf8');
  const blocks = text.matchAll(/^```(\w+)\n(.*?)^```$/gms);
  return [...blocks].flatMap(([, name, code = '']) => (name === language ? [code] : []));
}

const CASES = readdirSync(FOLDER).flatMap((file) =>
  codeOf(file, 'yaml').map((_code, index) => [file.replace('.md', ''), index, file] as const),
);

/** The members of an object in an example that the schema does not have, at any depth. */
function unknownMembers(value: unknown, property: Property | undefined, path: string): string[] {
  if (Array.isArray(value))
    return value.flatMap((each, at) => unknownMembers(each, property?.items, `${path}[${at}]`));
  const { $ref = '' } = property ?? {};
  const members = schema.types[$ref.replace('#/types/', '')]?.properties;
  if (typeof value !== 'object' || value === null || members === undefined) return [];
  return membersOf(value, members, path);
}

function membersOf(
  value: object,
  members: Readonly<Record<string, Property>>,
  path: string,
): string[] {
  return Object.entries(value).flatMap(([name, member]) =>
    members[name] === undefined
      ? [`${path}.${name}`]
      : unknownMembers(member, members[name], `${path}.${name}`),
  );
}

interface Declared {
  readonly type: string;
  readonly properties?: object;
}

function resourcesOf(yaml: string): readonly (readonly [string, Declared])[] {
  return Object.entries(
    (load(yaml) as { readonly resources: Readonly<Record<string, Declared>> }).resources,
  );
}

const ours = ({ type }: Declared): boolean => type.startsWith('signed-image:');
const tokenOf = (type: string): string =>
  type.replace(/^signed-image:(?:index:)?/, 'signed-image:index:');

/** The names of all members that an object of an example sets, at any depth. */
function namesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(namesIn);
  return Object.entries(value).flatMap(([name, member]) => [name, ...namesIn(member)]);
}

const snake = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const pascal = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

/** A member in the notation of a language. */
const NOTATION: Readonly<Record<Exclude<Language, 'yaml'>, (name: string) => RegExp>> = {
  typescript: (name) => new RegExp(`\\b${name}\\b`),
  python: (name) => new RegExp(`\\b${snake(name)}=|"(?:${snake(name)}|${name})":`),
  go: (name) => new RegExp(`\\b${pascal(name)}:`),
  csharp: (name) => new RegExp(`\\b${pascal(name)} =`),
  java: (name) => new RegExp(`\\.${name}\\(`),
};

test.each(CASES)('%s %i: YAML has only members of the schema', (_name, index, file) => {
  const declared = resourcesOf(codeOf(file, 'yaml')[index] ?? '').filter(([, each]) => ours(each));
  expect(declared).not.toHaveLength(0);
  for (const [name, { type, properties = {} }] of declared) {
    const { inputProperties } = schema.resources[tokenOf(type)] ?? {};
    expect(inputProperties).toBeDefined();
    expect(membersOf(properties, inputProperties ?? {}, name)).toEqual([]);
  }
});

test.each(CASES)('%s %i: each language sets what YAML sets', (_name, index, file) => {
  const declared = resourcesOf(codeOf(file, 'yaml')[index] ?? '').filter(([, each]) => ours(each));
  const names = [...new Set(declared.flatMap(([, { properties }]) => namesIn(properties)))];
  for (const [language, notation] of Object.entries(NOTATION)) {
    const code = codeOf(file, language as Language)[index] ?? '';
    expect([language, names.filter((name) => !notation(name).test(code))]).toEqual([language, []]);
  }
});

test.each(CASES)('%s %i: Python is valid', (_name, index, file) => {
  const code = codeOf(file, 'python')[index] ?? '';
  execFileSync('python3', ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], { input: code });
});

test('TypeScript compiles with the types of the package', () => {
  const sources = new Map(
    CASES.map(([name, index, file]) => [
      join(ROOT, 'examples', `schema-example-${name}-${index}.ts`),
      codeOf(file, 'typescript')[index] ?? '',
    ]),
  );
  const options: ts.CompilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    types: ['node'],
    paths: { '@pulumi-signed-image/signed-image': [join(ROOT, 'src', 'index.ts')] },
  };
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  const program = ts.createProgram([...sources.keys()], options, {
    ...host,
    fileExists: (path) => sources.has(path) || host.fileExists(path),
    readFile: (path) => sources.get(path) ?? host.readFile(path),
    getSourceFile: (path, ...rest) => {
      const text = sources.get(path);
      return text === undefined
        ? read(path, ...rest)
        : ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
    },
  });
  const faults = [...sources.keys()].flatMap((path) => {
    const source = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  });
  expect(faults.map(({ file, messageText }) => [file?.fileName, messageText])).toEqual([]);
  expect(sources.size).toBeGreaterThan(6);
}, 180_000);
