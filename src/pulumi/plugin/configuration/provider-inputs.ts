import { parseBoundedJson } from '../../../http/json-bounds';
import type { Problem } from '../../../error';
import { PROVIDER_INPUTS } from '../../secrecy/input-table';
import { type Properties, Secret, toValue, type Value } from '../protocol/wire-value';

/** Inputs of every provider that the engine itself reads. */
const OF_THE_ENGINE: ReadonlySet<string> = new Set([
  'version',
  'pluginDownloadURL',
  'pluginChecksums',
  'parameterization',
  'name',
  '__internal',
]);

/** The inputs of a provider, decoded. */
export interface ProviderInputs {
  readonly inputs: Properties;
  readonly problems: readonly Problem[];
}

/**
 * Decodes the inputs of a provider: those that are objects arrive as JSON text, from the configuration
 * (`pulumi config set --path signed-image:registry.host ...`) and from the SDKs.
 *
 * https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/#config
 */
export function decodeProviderInputs(given: Properties): ProviderInputs {
  const problems: Problem[] = [];
  const inputs = Object.entries(given).flatMap(([name, value]): readonly [string, Value][] => {
    if (OF_THE_ENGINE.has(name)) return [];
    const member = (PROVIDER_INPUTS as Readonly<Record<string, unknown>>)[name];
    const isObject = typeof member === 'object' || name === 'annotations';
    const text = value instanceof Secret ? value.value : value;
    if (!isObject || typeof text !== 'string') return [[name, value]];
    try {
      const parsed = toValue(parseBoundedJson(text));
      return [[name, value instanceof Secret ? new Secret(parsed) : parsed]];
    } catch {
      // The text may contain a password: it is not in the message.
      const message = `is not the JSON text of an object: set its members with \`pulumi config set --path signed-image:${name}.MEMBER VALUE\``;
      problems.push({ property: name, code: 'INPUT_INVALID', message });
      return [];
    }
  });
  return { inputs: Object.fromEntries(inputs), problems };
}
