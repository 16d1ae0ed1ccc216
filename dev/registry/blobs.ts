import type { RegistryContext } from './context';
import { json, refuse, type RegistryRequest, type RegistryResponse } from './exchange';

const BLOB_UNKNOWN = refuse(404, 'BLOB_UNKNOWN', 'blob unknown to registry');

export function readBlob(
  { store, settings, sideOrigin }: RegistryContext,
  repository: string,
  digest: string,
  { method, headers }: RegistryRequest,
): RegistryResponse {
  const bytes = store.getBlob(repository, digest);
  if (!bytes) return BLOB_UNKNOWN;
  if (settings.blobRedirect && method === 'GET') {
    return { status: 307, headers: { location: `${sideOrigin}/stored/${repository}/${digest}` } };
  }
  return blobBytes(bytes, digest, headers.range);
}

/** The bytes, or the requested range (`bytes=a-b` or `bytes=a-`). */
export function blobBytes(bytes: Buffer, digest: string, range?: string): RegistryResponse {
  const headers = {
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
  };
  const match = range === undefined ? null : /^bytes=(\d+)-(\d*)$/.exec(range);
  if (!match) return { status: 200, headers, body: bytes };
  const start = Number(match[1]);
  const end = Math.min(match[2] ? Number(match[2]) : bytes.length - 1, bytes.length - 1);
  if (start > end) return { status: 416, headers: { 'content-range': `bytes */${bytes.length}` } };
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${start}-${end}/${bytes.length}` },
    body: bytes.subarray(start, end + 1),
  };
}

export function deleteBlob(
  { store, settings }: RegistryContext,
  repository: string,
  digest: string,
): RegistryResponse {
  if (settings.deleteDisabled) return refuse(405, 'UNSUPPORTED', 'deletes are disabled');
  return store.deleteBlob(repository, digest) ? { status: 202 } : BLOB_UNKNOWN;
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags */
export function listTags(
  { store }: RegistryContext,
  repository: string,
  { query }: RegistryRequest,
): RegistryResponse {
  const stored = store.tags(repository);
  if (!stored) return refuse(404, 'NAME_UNKNOWN', 'repository name not known to registry');
  const last = query.get('last');
  const all = [...stored.keys()].sort().filter((tag) => last === null || tag > last);
  const limit = query.has('n') ? Number(query.get('n')) : all.length;
  const tags = all.slice(0, limit);
  const more = tags.length < all.length && tags.length > 0;
  const next = new URLSearchParams({ n: String(limit), last: tags.at(-1) ?? '' });
  return json(
    200,
    { name: repository, tags },
    more ? { link: `</v2/${repository}/tags/list?${next}>; rel="next"` } : {},
  );
}
