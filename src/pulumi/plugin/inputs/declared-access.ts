import type { Problem } from '../../../error';
import type { Reference, RegistryClient } from '../../../oci';
import { problemsOf } from '../../../error/signed-image-error';
import { readRegistry } from './declared-registry';
import type { PluginEnvironment } from '../environment';
import type { InputReader } from './input-reader';

const DECLARED = [
  'username',
  'password',
  'caFile',
  'clientCertificate',
  'clientKey',
  'insecure',
].map((name) => `registry.${name}`);

/** Whether all is known that decides who lets us in where. */
export function knowsAccess(inputs: InputReader): boolean {
  return !inputs.at('registry').isUnknown && DECLARED.every((path) => inputs.knows(path));
}

/** The client for what was declared. */
export function declaredClient(
  { repository }: Reference,
  inputs: InputReader,
  environment: PluginEnvironment,
): RegistryClient {
  return environment.registryClient(repository, readRegistry(inputs.at('registry')));
}

/** Whether the registry will let us write: asked before anything is built or signed. */
export function accessProblems(
  reference: Reference | undefined,
  inputs: InputReader,
  environment: PluginEnvironment,
): Promise<readonly Problem[]> {
  if (!reference || !knowsAccess(inputs)) return Promise.resolve([]);
  const { repository, digest } = reference;
  return problemsOf('image', async () => {
    await declaredClient(reference, inputs, environment).checkAccess(repository, 'push', digest);
  });
}
