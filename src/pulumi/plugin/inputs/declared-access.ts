import type { Problem } from '../../../error';
import type { Reference, RegistryClient } from '../../../oci';
import { problemsOf } from '../../../error/signed-image-error';
import { readRegistry } from './declared-registry';
import type { PluginEnvironment } from '../environment';
import type { InputReader } from './input-reader';

const ACCESS_INPUTS = [
  'username',
  'password',
  'caFile',
  'clientCertificate',
  'clientKey',
  'insecure',
].map((name) => `registry.${name}`);

/** Whether all inputs that determine the access to the registry are known. */
export function isAccessKnown(inputs: InputReader): boolean {
  return !inputs.at('registry').isUnknown && ACCESS_INPUTS.every((path) => inputs.isKnown(path));
}

/** Returns the client for the declared access. */
export function declaredClient(
  { repository }: Reference,
  inputs: InputReader,
  environment: PluginEnvironment,
): RegistryClient {
  return environment.registryClient(repository, readRegistry(inputs.at('registry')));
}

/** Checks the push access, before anything is built or signed. */
export function accessProblems(
  reference: Reference | undefined,
  inputs: InputReader,
  environment: PluginEnvironment,
): Promise<readonly Problem[]> {
  if (!reference || !isAccessKnown(inputs)) return Promise.resolve([]);
  const { repository, digest } = reference;
  return problemsOf('image', async () => {
    await declaredClient(reference, inputs, environment).checkAccess(repository, 'push', digest);
  });
}
