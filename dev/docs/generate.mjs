#!/usr/bin/env node
// Writes docs/reference/inputs-outputs.md from schema.json: `node dev/docs/generate.mjs [FILE]`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const schema = JSON.parse(readFileSync(join(root, 'schema.json'), 'utf8'));

const PREAMBLE = `# Inputs and outputs

<!-- Generated from schema.json by \`node dev/run.mjs docs\`. Do not edit. -->

All inputs and outputs of the package \`signed-image\`, with the names that they have in TypeScript, YAML and the schema. Other
languages use their own spelling (\`image_ref\` in Python, \`ImageRef\` in Go). A program declares \`SignedImage\`,
\`VerifiedImage\` and the policies for clusters; \`SignedImage\` creates the other resources. How to use them: [how-to guides](../how-to/README.md).
`;

const COLUMNS = '| --- | --- | --- | --- |';

const nameOf = (token) => token.split(':').at(-1);
const anchorOf = (name) => name.toLowerCase();

/** Examples are for the generated SDKs and the Pulumi Registry; here they are in the how-to guides. */
const withoutExamples = (text) =>
  text.replace(/\{\{% examples %\}\}[^]*\{\{% \/examples %\}\}/, '').trim();

/** A cell of a table: one line, with `|` escaped. */
const cell = (text) => text.replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|');

function typeOf(property) {
  const { $ref: reference, type, items, additionalProperties } = property;
  if (reference?.startsWith('#/types/')) {
    const name = nameOf(reference);
    return `[${name}](#${anchorOf(name)})`;
  }
  if (reference !== undefined) return reference.split('/').at(-1);
  if (type === 'array') return `list of ${typeOf(items)}`;
  if (type === 'object' && additionalProperties) return `map of ${typeOf(additionalProperties)}`;
  return type;
}

/** `required` is the list of an object; component schemas mark the others as `optional`. */
function isRequired(name, property, required) {
  return required?.includes(name) ?? property.optional !== true;
}

function notesOf(name, property, required) {
  return [
    isRequired(name, property, required) ? 'required' : undefined,
    property.secret === true ? 'secret' : undefined,
    property.replaceOnChanges === true || property.willReplaceOnChanges === true
      ? 'a change replaces the resource'
      : undefined,
  ]
    .filter((note) => note !== undefined)
    .join(', ');
}

function inputRows(properties, required) {
  return Object.entries(properties).map(([name, property]) => {
    const notes = notesOf(name, property, required);
    return `| \`${name}\` | ${cell(typeOf(property))} | ${notes} | ${cell(property.description ?? '')} |`;
  });
}

function outputRows(properties) {
  return Object.entries(properties).map(([name, property]) => {
    const notes = property.secret === true ? 'secret' : '';
    return `| \`${name}\` | ${cell(typeOf(property))} | ${notes} | ${cell(property.description ?? '')} |`;
  });
}

function table(heading, rows) {
  return rows.length === 0
    ? []
    : ['', `| ${heading} | type | notes | description |`, COLUMNS, ...rows];
}

function resourceSection(token, resource, level) {
  const { description, inputProperties = {}, requiredInputs, properties = {} } = resource;
  return [
    '',
    `${level} ${nameOf(token)}`,
    ...(description === undefined ? [] : ['', withoutExamples(description)]),
    ...table('input', inputRows(inputProperties, requiredInputs)),
    ...table('output', outputRows(properties)),
  ];
}

function enumSection(token, type) {
  const rows = type.enum.map(({ value, description }) => `| \`${value}\` | ${cell(description)} |`);
  return [
    '',
    `### ${nameOf(token)}`,
    '',
    type.description.trim(),
    '',
    '| value | description |',
    '| --- | --- |',
    ...rows,
  ];
}

function functionSection(token, { description, inputs, outputs }) {
  return [
    '',
    `### ${nameOf(token)}`,
    '',
    description.trim(),
    ...table('input', inputRows(inputs.properties, inputs.required)),
    ...table('result', outputRows(outputs.properties)),
  ];
}

function typeSection(token, type, isOutput) {
  if (type.enum) return enumSection(token, type);
  const rows = isOutput ? outputRows(type.properties) : inputRows(type.properties, type.required);
  return [
    '',
    `### ${nameOf(token)}`,
    ...(type.description === undefined ? [] : ['', type.description.trim()]),
    ...table('member', rows),
  ];
}

/** The types that these properties refer to, and those that the types refer to. */
function referencedTypes(properties, found = new Set()) {
  for (const { $ref: reference, items, additionalProperties } of Object.values(properties)) {
    const token = reference?.replace('#/types/', '');
    if (token !== undefined && !found.has(token) && schema.types[token]) {
      found.add(token);
      referencedTypes(schema.types[token].properties ?? {}, found);
    }
    referencedTypes(
      Object.fromEntries(
        Object.entries({ items, additionalProperties }).filter(([, each]) => each),
      ),
      found,
    );
  }
  return found;
}

const DECLARED = [
  'SignedImage',
  'VerifiedImage',
  'AdmissionPolicy',
  'KyvernoPolicy',
  'KyvernoClusterPolicy',
  'PolicyControllerPolicy',
  'FluxVerification',
];

/** Types that a program writes; the others are outputs, or are passed on between the resources of a SignedImage. */
const inputTypes = new Set(
  [
    ...Object.entries(schema.resources)
      .filter(([token]) => DECLARED.includes(nameOf(token)))
      .map(([, resource]) => resource),
    schema.provider,
  ].flatMap(({ inputProperties }) => [...referencedTypes(inputProperties ?? {})]),
);

function page() {
  const resources = Object.entries(schema.resources);
  const types = Object.entries(schema.types);
  const isDeclared = ([token]) => DECLARED.includes(nameOf(token));
  const byName = (a, b) => DECLARED.indexOf(nameOf(a[0])) - DECLARED.indexOf(nameOf(b[0]));
  return [
    PREAMBLE.trimEnd(),
    ...resources
      .filter(isDeclared)
      .sort(byName)
      .flatMap(([t, r]) => resourceSection(t, r, '##')),
    '',
    '## Functions',
    '',
    'Each is also there with outputs as inputs: `verifyImageOutput` in TypeScript, `verify_image_output` in Python.',
    ...Object.entries(schema.functions).flatMap(([t, f]) => functionSection(t, f)),
    '',
    '## Provider',
    '',
    schema.provider.description.trim(),
    '',
    'The same names are those of the package configuration (`signed-image:NAME`): [defaults for all images](../how-to/defaults.md).',
    ...table(
      'input',
      inputRows(schema.provider.inputProperties, schema.provider.requiredInputs ?? []),
    ),
    '',
    '## Types of inputs',
    ...types.filter(([t]) => inputTypes.has(t)).flatMap(([t, v]) => typeSection(t, v, false)),
    '',
    '## Types of outputs',
    ...types.filter(([t]) => !inputTypes.has(t)).flatMap(([t, v]) => typeSection(t, v, true)),
    '',
    '## Resources inside a SignedImage',
    '',
    '`SignedImage` creates these resources. A program does not declare them; their inputs and outputs are in the state and in previews.',
    ...resources.filter((r) => !isDeclared(r)).flatMap(([t, r]) => resourceSection(t, r, '###')),
    '',
  ].join('\n');
}

const file = process.argv[2] ?? join(root, 'docs/reference/inputs-outputs.md');
writeFileSync(file, page());
