import { SignedImageError, distinct, type Problem } from '../../../error';
import { parseReference } from '../../../oci';
import { TRANSPARENCY_MODES } from '../../../sign';
import { isGuarded, type Members, membersOf, PROVIDER_INPUTS } from '../../secrecy/input-table';
import type { PluginEnvironment } from '../environment';
import { signerProblems } from '../inputs/declared-policy';
import { readDeletion, readRegistry } from '../inputs/declared-registry';
import { FORMATS, readSigstore } from '../inputs/declared-signing';
import { readSource } from '../inputs/declared-source';
import { guardInputs } from '../inputs/guarded-inputs';
import { InputReader } from '../inputs/input-reader';
import { inputTypeProblems } from '../inputs/input-types';
import { providerType } from '../../package';
import { changedInputs, type Properties, Secret, UNKNOWN } from '../protocol/wire-value';
import { decodeProviderInputs } from './provider-inputs';

/** Validates the inputs of a provider, before a resource uses them. */
export async function providerProblems(
  given: Properties,
  environment: PluginEnvironment,
): Promise<readonly Problem[]> {
  const decoded = decodeProviderInputs(given);
  const guarded = guardInputs(PROVIDER_INPUTS, decoded.inputs);
  const reader = new InputReader(guarded.inputs);
  readRegistry(reader.at('registry'));
  if (reader.at('registry').isGiven) readHost(reader.at('registry').at('host'));
  readSigstore(reader.at('sigstore'));
  readSource(reader.at('source'));
  readDeletion(reader);
  reader.at('annotations').record();
  reader.at('transparency').word(TRANSPARENCY_MODES);
  reader.at('format').word(FORMATS);
  const trust = reader.at('trust');
  const signers = trust.isGiven ? await signerProblems(trust, environment.host) : [];
  return distinct([
    ...decoded.problems,
    ...guarded.problems,
    ...inputTypeProblems(providerType(), guarded.inputs),
    ...reader.problems,
    ...signers,
  ]);
}

/**
 * Marks each input that can contain credentials as secret as a whole, as the schema does: a program in YAML, another SDK or
 * the configuration may give it as plain text, and the engine stores the inputs of a provider.
 */
export function markProviderInputs(given: Properties): Properties {
  const members: Members = PROVIDER_INPUTS;
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const nested = Object.hasOwn(members, name) ? membersOf(members[name]) : undefined;
      const isPlain = value !== null && value !== UNKNOWN && !(value instanceof Secret);
      const hasCredentials = Object.values(nested ?? {}).some(isGuarded);
      return [name, isPlain && hasCredentials ? new Secret(value) : value];
    }),
  );
}

/** The inputs of a provider, for the defaults of its resources. */
export function providerDefaults(given: Properties): Properties {
  return decodeProviderInputs(given).inputs;
}

/** Returns the names of the inputs that differ. Objects are compared, not their JSON texts. */
export function changedProviderInputs(olds: Properties, news: Properties): readonly string[] {
  const decoded = (given: Properties): Properties => ({
    ...given,
    ...decodeProviderInputs(given).inputs,
  });
  return changedInputs(decoded(olds), decoded(news));
}

function readHost(host: InputReader): void {
  const text = host.string();
  if (text === undefined) {
    if (!host.isGiven) {
      host.addProblem(
        'is required: the credentials are for one registry, such as registry.example.com:5000',
      );
    }
    return;
  }
  const message = 'must be the host of a registry, with its port if it has one, and nothing else';
  try {
    const { registry, path } = parseReference(`${text}/any/image`).repository;
    if (text.includes('/') || path !== 'any/image' || registry === '') host.addProblem(message);
  } catch (error) {
    if (!(error instanceof SignedImageError)) throw error;
    host.addProblem(message);
  }
}
