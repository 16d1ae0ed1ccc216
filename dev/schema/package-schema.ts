import { join } from 'node:path';

import { Analyzer } from '@pulumi/pulumi/provider/experimental/analyzer';
import {
  generateSchema,
  type PackageSpec,
  type Property,
} from '@pulumi/pulumi/provider/experimental/schema';

import { PACKAGE_NAME, PACKAGE_VERSION, token } from '../../src/pulumi/package';
import { guardedMembers } from '../../src/pulumi/secrecy/input-table';

const COMPONENT = 'SignedImage';
const CUSTOM = ['SigningPlan', 'ImageBuild', 'ImageSignature', 'VerifiedImage'] as const;

const DESCRIPTION =
  'Builds, pushes, signs and verifies a container image, and hands on only the verified digest';

/**
 * The Pulumi package schema, from the types themselves: Pulumi's analyzer, and what it cannot
 * express added here (a getter's type, secrets, custom resources).
 *
 * https://www.pulumi.com/docs/iac/using-pulumi/pulumi-packages/schema/
 */
export function packageSchema(): PackageSpec {
  const analyzer = new Analyzer(
    join(__dirname),
    PACKAGE_NAME,
    { name: PACKAGE_NAME, main: 'shapes.ts' },
    new Set<string>([COMPONENT, ...CUSTOM]),
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
  addImageRef(schema);
  for (const [type, member] of guardedMembers()) {
    const property = schema.types[token(type)]?.properties?.[member];
    if (!property) throw new Error(`the schema has no ${type}.${member}`);
    (property as Property & { secret?: boolean }).secret = true;
  }
  return schema;
}

/** The analyzer ignores getters, and refuses the branded type that the getter is there for. */
function addImageRef(schema: PackageSpec): void {
  const component = schema.resources[token(COMPONENT)];
  if (!component?.properties) throw new Error(`the schema has no ${COMPONENT}`);
  component.properties['imageRef'] = {
    type: 'string',
    description: 'host/repo@sha256:..., verified: what a Deployment must consume.',
  };
  component.required = [...(component.required ?? []), 'imageRef'].sort();
}

/** The text of schema.json. */
export function schemaText(): string {
  return `${JSON.stringify(packageSchema(), null, 2)}\n`;
}
