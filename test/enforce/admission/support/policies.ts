import { generateKeyPairSync } from 'node:crypto';

import { InvalidInputError } from '../../../../src/error';
import type { Manifest, SignerPolicyArgs } from '../../../../src/enforce/admission';

export function publicPem(): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return publicKey.export({ format: 'pem', type: 'spki' }).toString();
}

export const KEY = publicPem();

export const IDENTITY = {
  identity: 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main',
  issuer: 'https://token.actions.githubusercontent.com',
};

export const ARGS: SignerPolicyArgs = {
  name: 'acme',
  images: ['registry.example.com/acme/*'],
  keys: [KEY],
};

export const KEYLESS: SignerPolicyArgs = {
  name: 'acme',
  images: ['registry.example.com/acme/*'],
  identities: [IDENTITY],
};

/** `property: message` of all that is wrong. */
export function problemsOf(generate: () => unknown): readonly string[] {
  try {
    generate();
  } catch (error) {
    if (error instanceof InvalidInputError)
      return error.problems.map(({ property, message }) => `${property}: ${message}`);
    throw error;
  }
  return [];
}

/** A member by its path: `rules.0.name`. */
export function at(manifest: Manifest | undefined, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, name) => (value as Record<string, unknown>)?.[name],
      manifest?.['spec'],
    );
}
