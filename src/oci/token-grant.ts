import { parseBoundedJson } from '../http/json-bounds';

/** JSON values in a token. One with more says nothing to us, and the registry reads it itself. */
const MAX_CLAIMS = 10_000;

/**
 * What a token says of the rights in it, as far as it can be read: `undefined` when it does not say.
 * It decides nothing about trust (the registry checks its own tokens); it only lets a missing right
 * be told before the first write.
 *
 * https://distribution.github.io/distribution/spec/auth/jwt/ (claim `access`)
 */
export function grants(
  token: string,
  repositoryPath: string,
  action: 'pull' | 'push' | 'delete',
): boolean | undefined {
  const access = accessClaim(token);
  if (!access) return undefined;
  if (access.length === 0) return false;
  const entry = access.find(
    (item): item is { actions: unknown[] } =>
      typeof item === 'object' &&
      item !== null &&
      'name' in item &&
      item.name === repositoryPath &&
      'actions' in item &&
      Array.isArray(item.actions),
  );
  return entry && (entry.actions.includes(action) || entry.actions.includes('*'));
}

function accessClaim(token: string): readonly unknown[] | undefined {
  const parts = token.split('.');
  if (parts.length !== 3) return undefined;
  try {
    const text = Buffer.from(parts[1] ?? '', 'base64url');
    const claims = parseBoundedJson(text, MAX_CLAIMS);
    const isObject = typeof claims === 'object' && claims !== null;
    return isObject && 'access' in claims && Array.isArray(claims.access)
      ? claims.access
      : undefined;
  } catch {
    return undefined;
  }
}
