import type { InputReader } from './input-reader';

/** Access to the registry, as declared; all absent means the docker config. */
export interface DeclaredRegistry {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly caFile?: string | undefined;
  readonly insecure?: boolean | undefined;
}

export function readRegistry(registry: InputReader): DeclaredRegistry {
  const declared = {
    username: registry.at('username').string(),
    password: registry.at('password').string(),
    caFile: registry.at('caFile').string(),
    insecure: registry.at('insecure').boolean(),
  };
  const given = (name: string): boolean => registry.at(name).given;
  if (given('username') && !given('password')) {
    registry.at('password').problem('is needed beside registry.username');
  }
  if (given('password') && !given('username')) {
    registry.at('username').problem('is needed beside registry.password');
  }
  return declared;
}
