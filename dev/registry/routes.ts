import { type Access, type Action, type Authority } from './auth';
import { blobBytes, deleteBlob, listTags, readBlob } from './blobs';
import type { RegistryContext } from './context';
import { json, refuse, type RegistryRequest, type RegistryResponse } from './exchange';
import { deleteManifest, readManifest, writeManifest } from './manifests';
import { listReferrers } from './referrers';
import { beginUpload, continueUpload } from './uploads';

const NAME =
  '([a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*(?:\\/[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*)*)';
const ROUTE = new RegExp(`^/v2/${NAME}/(manifests|blobs/uploads|blobs|tags|referrers)/([^/]*)$`);
const READS = ['GET', 'HEAD'];
const NOT_ALLOWED = refuse(405, 'UNSUPPORTED', 'method not allowed');

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#endpoints */
export function answer(
  context: RegistryContext,
  authority: Authority,
  request: RegistryRequest,
): RegistryResponse {
  const { auth } = context.settings;
  if (request.path === '/token' && auth.kind === 'bearer') return authority.token(auth, request);
  const realm = `${context.origin}/token`;
  const version = { 'docker-distribution-api-version': 'registry/2.0' };
  if (request.path === '/v2/' || request.path === '/v2') {
    const access = authority.check(auth, realm, request, undefined);
    return 'status' in access ? access : json(200, {}, version);
  }
  const route = ROUTE.exec(request.path);
  if (!route) {
    return { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found\n' };
  }
  const [, repository = '', kind = '', target = ''] = route;
  const needed = { repository, action: actionOf(request.method) };
  const access = authority.check(auth, realm, request, needed);
  return 'status' in access ? access : handle(context, access, request, repository, kind, target);
}

/** The second origin: a blob store and token service that do not accept the registry's `Authorization`. */
export function answerAside(
  context: RegistryContext,
  authority: Authority,
  request: RegistryRequest,
): RegistryResponse {
  const { auth } = context.settings;
  if (request.path === '/token' && auth.kind === 'bearer') return authority.token(auth, request);
  // The response of an object store to a signed URL with an Authorization header.
  if (request.headers.authorization !== undefined) {
    return { status: 400, body: 'Only one auth mechanism allowed' };
  }
  const [, repository = '', digest = ''] =
    /^\/stored\/(.+)\/(sha256:[0-9a-f]{64})$/.exec(request.path) ?? [];
  const bytes = READS.includes(request.method)
    ? context.store.getBlob(repository, digest)
    : undefined;
  if (bytes) return blobBytes(bytes, digest, request.headers.range);
  const route = ROUTE.exec(request.path);
  if (route?.[2] === 'blobs/uploads' && context.settings.uploadElsewhere) {
    return continueUpload(context, route[1] ?? '', route[3] ?? '', request);
  }
  return { status: 404, body: 'no such object' };
}

function actionOf(method: string): Action {
  if (READS.includes(method)) return 'pull';
  return method === 'DELETE' ? 'delete' : 'push';
}

function handle(
  context: RegistryContext,
  access: Access,
  request: RegistryRequest,
  repository: string,
  kind: string,
  target: string,
): RegistryResponse {
  const { method } = request;
  const isRead = READS.includes(method);
  switch (kind) {
    case 'manifests':
      if (isRead) return readManifest(context, repository, target);
      if (method === 'PUT') return writeManifest(context, repository, target, request);
      return method === 'DELETE' ? deleteManifest(context, repository, target) : NOT_ALLOWED;
    case 'blobs':
      if (isRead) return readBlob(context, repository, target, request);
      // `POST /v2/<name>/blobs/uploads` without the trailing slash is accepted too.
      if (method === 'POST' && target === 'uploads')
        return begin(context, access, request, repository);
      return method === 'DELETE' ? deleteBlob(context, repository, target) : NOT_ALLOWED;
    case 'blobs/uploads':
      if (target !== '') return continueUpload(context, repository, target, request);
      return method === 'POST' ? begin(context, access, request, repository) : NOT_ALLOWED;
    case 'tags':
      return isRead && target === 'list' ? listTags(context, repository, request) : NOT_ALLOWED;
    default:
      return isRead ? listReferrers(context, repository, target, request) : NOT_ALLOWED;
  }
}

function begin(
  context: RegistryContext,
  access: Access,
  request: RegistryRequest,
  repository: string,
): RegistryResponse {
  return beginUpload(context, repository, request, (from) => access.may(from, 'pull'));
}
