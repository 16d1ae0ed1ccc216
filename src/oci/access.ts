import { SignedImageError } from '../error';
import type { FetchedManifest } from './client';
import type { Digest } from './digest';
import { isHtmlResponse, mediaTypeOf } from './answer';
import type { Endpoint } from './endpoint';
import { fetchManifestOnce } from './manifest-store';
import { formatRepository, parseTag, type Repository, type Tag } from './reference';
import type { RegistrySession } from './session';
import type { Scope } from './authentication';

/** The tag that is read to check access; it need not exist, because a 404 shows access too. */
const PROBE_TAG = parseTag('latest');

/**
 * Checks access to a repository without writing to it. If a target is given, the check reads it. A
 * missing push permission is reported if the registry's token shows it; otherwise the first write
 * fails.
 */
export async function checkAccess(
  session: RegistrySession,
  repository: Repository,
  access: 'pull' | 'push',
  target?: Tag | Digest,
): Promise<FetchedManifest | undefined> {
  const scope = { path: repository.path, access };
  const action = `checking ${access} access`;
  // `/v2/` of a registry without authentication returns the same for every repository: one request is enough.
  if (!session.traits(repository).expects('open'))
    await requestBase(session, repository, scope, action);
  const found =
    target === undefined
      ? await probe(session, repository, scope)
      : await fetchManifestOnce(session, repository, target, access);
  if (session.authenticator.grants(scope) === false)
    throw await missingRight(session, repository, access);
  return found;
}

async function requestBase(
  session: RegistrySession,
  repository: Repository,
  scope: Scope,
  action: string,
): Promise<void> {
  const url = new URL('v2/', session.endpoint.base);
  const base = await session.send({ method: 'GET', url }, scope);
  const isRegistry = base.status === 200 || base.status === 401 || base.status === 403;
  if (!isRegistry || (base.status === 200 && isHtmlResponse(base))) {
    throw base.status === 404 || base.status < 300
      ? notRegistry(session.endpoint)
      : await session.responseError(base, action, repository);
  }
  // `/v2/` may require more than the repository does, so only an error for the repository counts,
  // except for push access: a read does not show that the credentials are wrong.
  if (base.status !== 200 && scope.access === 'push')
    throw await session.responseError(base, action, repository);
  const isOpen = base.status === 200 && session.authenticator.current(scope) === undefined;
  if (isOpen) session.traits(repository).note('open');
}

async function probe(
  session: RegistrySession,
  repository: Repository,
  scope: Scope,
): Promise<undefined> {
  const url = session.url(repository, `manifests/${PROBE_TAG}`);
  const response = await session.send({ method: 'HEAD', url }, scope);
  const isRegistryResponse =
    response.status === 200 || response.status === 404 || response.status === 405;
  if (!isRegistryResponse)
    throw await session.responseError(response, `checking ${scope.access} access`, repository);
  if (/html/.test(mediaTypeOf(response) ?? '')) throw notRegistry(session.endpoint);
}

/** The error for a registry token that does not grant the access. */
async function missingRight(
  session: RegistrySession,
  repository: Repository,
  access: 'pull' | 'push',
): Promise<SignedImageError> {
  const { registry } = session.endpoint;
  const credentials = await session.authenticator.credentials(repository.path);
  const name = formatRepository(repository);
  return credentials
    ? new SignedImageError({
        code: 'REGISTRY_FORBIDDEN',
        message: `the credentials from ${credentials.source} do not have permission to ${access} ${name}`,
      })
    : new SignedImageError({
        code: 'REGISTRY_UNAUTHORIZED',
        message: `registry ${registry} does not allow anonymous ${access} of ${name}, and no credentials for it were found: log in ("docker login ${registry}") or set registry.username and registry.password`,
      });
}

function notRegistry({ registry, base }: Endpoint): SignedImageError {
  return new SignedImageError({
    code: 'REGISTRY_PROTOCOL',
    message: `${registry} does not appear to be an OCI registry: ${new URL('v2/', base).href} did not return a registry response. Check the host name`,
  });
}
