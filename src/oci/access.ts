import { SignedImageError } from '../error';
import type { FetchedManifest } from './client';
import type { Digest } from './digest';
import { isHtmlResponse, mediaTypeOf } from './answer';
import type { Endpoint } from './endpoint';
import { fetchManifestOnce } from './manifest-store';
import { formatRepository, parseTag, type Repository, type Tag } from './reference';
import type { RegistrySession } from './session';
import type { Scope } from './authentication';

/** Any tag will do: that it is missing is an answer too. */
const PROBE = parseTag('latest');

/**
 * Asks for access to a repository and writes nothing; where something is to be found there, by
 * reading that. A missing right to push is told where the
 * registry's token tells it; else the first write will.
 */
export async function checkAccess(
  session: RegistrySession,
  repository: Repository,
  access: 'pull' | 'push',
  target?: Tag | Digest,
): Promise<FetchedManifest | undefined> {
  const scope = { path: repository.path, access };
  const doing = `asking for access to ${access}`;
  // A registry that lets everybody in says the same for each repository: it is asked once.
  if (!session.traits(repository).expects('open'))
    await requestBase(session, repository, scope, doing);
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
  doing: string,
): Promise<void> {
  const url = new URL('v2/', session.endpoint.base);
  const base = await session.send({ method: 'GET', url }, scope);
  const isRegistry = base.status === 200 || base.status === 401 || base.status === 403;
  if (!isRegistry || (base.status === 200 && isHtmlResponse(base))) {
    throw base.status === 404 || base.status < 300
      ? notRegistry(session.endpoint)
      : await session.refusal(base, doing, repository);
  }
  // The base may ask for more than the repository does, so only a refusal for the repository counts,
  // except where the right to write is wanted: a read does not show that credentials are wrong.
  if (base.status !== 200 && scope.access === 'push')
    throw await session.refusal(base, doing, repository);
  const isOpen = base.status === 200 && session.authenticator.current(scope) === undefined;
  if (isOpen) session.traits(repository).note('open');
}

async function probe(
  session: RegistrySession,
  repository: Repository,
  scope: Scope,
): Promise<undefined> {
  const url = session.url(repository, `manifests/${PROBE}`);
  const response = await session.send({ method: 'HEAD', url }, scope);
  const isAnswer = response.status === 200 || response.status === 404 || response.status === 405;
  if (!isAnswer)
    throw await session.refusal(response, `asking for access to ${scope.access}`, repository);
  if (/html/.test(mediaTypeOf(response) ?? '')) throw notRegistry(session.endpoint);
}

/** The registry's own token says that the right is not in it. */
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
        message: `the credentials from ${credentials.source} do not have the right to ${access} ${name}`,
      })
    : new SignedImageError({
        code: 'REGISTRY_UNAUTHORIZED',
        message: `registry ${registry} lets nobody ${access} ${name} anonymously, and no credentials for it were found: log in ("docker login ${registry}") or set registry.username and registry.password`,
      });
}

function notRegistry({ registry, base }: Endpoint): SignedImageError {
  return new SignedImageError({
    code: 'REGISTRY_PROTOCOL',
    message: `${registry} looks like no registry: it does not answer ${new URL('v2/', base).href} as one. Check the host name`,
  });
}
