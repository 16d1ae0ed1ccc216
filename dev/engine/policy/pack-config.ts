import { readFile } from 'node:fs/promises';
import { EnforcementLevel } from '@pulumi/pulumi/proto/analyzer_pb';
import { isObject, type Wire, type WireObject } from '../wire/signature';

/** The description of a policy by its pack. */
export interface PolicyFacts {
  readonly name: string;
  readonly level: EnforcementLevel;
  /** JSON schemas of its properties. */
  readonly properties: WireObject;
  readonly required: readonly string[];
}

export interface PolicyConfig {
  readonly level: EnforcementLevel;
  readonly properties: WireObject;
}

const LEVELS: Readonly<Record<string, EnforcementLevel>> = {
  advisory: EnforcementLevel.ADVISORY,
  mandatory: EnforcementLevel.MANDATORY,
  remediate: EnforcementLevel.REMEDIATE,
  disabled: EnforcementLevel.DISABLED,
};

const levelOf = (value: Wire | undefined): EnforcementLevel | undefined => {
  const text = isObject(value) ? value['enforcementLevel'] : value;
  if (text === undefined) return undefined;
  const level = typeof text === 'string' ? LEVELS[text] : undefined;
  if (level === undefined) {
    throw new Error(`validating policy config: ${JSON.stringify(text)} is no enforcement level`);
  }
  return level;
};

const propertiesOf = (value: Wire | undefined): WireObject => {
  if (!isObject(value)) return {};
  const { enforcementLevel: _, ...properties } = value;
  return properties;
};

const kindOf = (value: Wire): string => {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
};

/** The real engine uses a JSON schema library; this one checks types and required properties only. */
const schemaProblems = (policy: PolicyFacts, properties: WireObject): readonly string[] => {
  const missing = policy.required
    .filter((name) => properties[name] === undefined)
    .map((name) => `${policy.name}: ${name} is required`);
  const wrong = Object.entries(properties).flatMap(([name, value]) => {
    const schema = policy.properties[name];
    const expected = isObject(schema) ? schema['type'] : undefined;
    const given = kindOf(value);
    const fits =
      expected === undefined ||
      expected === given ||
      (expected === 'integer' && Number.isInteger(value));
    return fits
      ? []
      : [`${policy.name}: ${name}: Invalid type. Expected: ${String(expected)}, given: ${given}`];
  });
  return [...missing, ...wrong];
};

/**
 * The configuration of each policy: its own level, unless the file has one for it or for `all`.
 * Unknown policy names are ignored, as by the real engine.
 *
 * @throws Error with all violations of the policies' schemas
 */
export const reconcile = (
  pack: string,
  policies: readonly PolicyFacts[],
  given: WireObject,
): ReadonlyMap<string, PolicyConfig> => {
  const all = levelOf(given['all']);
  const config = new Map(
    policies.map((policy) => {
      const own = given[policy.name];
      const level = levelOf(own) ?? all ?? policy.level;
      return [policy.name, { level, properties: propertiesOf(own) }] as const;
    }),
  );
  const problems = policies.flatMap((policy) =>
    schemaProblems(policy, config.get(policy.name)?.properties ?? {}),
  );
  if (problems.length > 0) {
    throw new Error(`validating policy config: ${pack}  ${problems.join('\n')}`);
  }
  return config;
};

/** @throws Error if the file is not a JSON object */
export const readPackConfig = async (path: string | undefined): Promise<WireObject> => {
  if (path === undefined) return {};
  const config = JSON.parse(await readFile(path, 'utf8')) as Wire;
  if (!isObject(config)) throw new Error(`${path} must hold a JSON object`);
  return config;
};
