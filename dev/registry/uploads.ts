import { randomUUID } from 'node:crypto';

import type { RegistryContext } from './context';
import { refuse, type RegistryRequest, type RegistryResponse } from './exchange';
import { sha256 } from './store';

interface Upload {
  readonly repository: string;
  readonly chunks: Buffer[];
  size: number;
}

/** Uploads in progress. */
export class Uploads {
  readonly #open = new Map<string, Upload>();

  begin(repository: string): string {
    const id = randomUUID();
    this.#open.set(id, { repository, chunks: [], size: 0 });
    return id;
  }

  get(repository: string, id: string): Upload | undefined {
    const upload = this.#open.get(id);
    return upload?.repository === repository ? upload : undefined;
  }

  end(id: string): void {
    this.#open.delete(id);
  }
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs */
export function beginUpload(
  context: RegistryContext,
  repository: string,
  { query, body }: RegistryRequest,
  mayPull: (repository: string) => boolean,
): RegistryResponse {
  const digest = query.get('digest');
  const { singlePost } = context.settings;
  if (digest !== null && singlePost === 'refused') {
    return refuse(405, 'UNSUPPORTED', 'an upload must begin without a digest');
  }
  if (digest !== null && singlePost) return storeBlob(context, repository, body, digest);
  const mount = query.get('mount');
  const from = query.get('from');
  if (mount !== null && from !== null && mayPull(from)) {
    if (context.store.mountBlob(from, repository, mount)) return created(repository, mount);
  }
  const id = context.uploads.begin(repository);
  return accepted(context, repository, id, 0);
}

export function continueUpload(
  context: RegistryContext,
  repository: string,
  id: string,
  request: RegistryRequest,
): RegistryResponse {
  const upload = context.uploads.get(repository, id);
  if (!upload) return refuse(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
  switch (request.method) {
    case 'GET':
      return { ...accepted(context, repository, id, upload.size), status: 204 };
    case 'DELETE':
      context.uploads.end(id);
      return { status: 204 };
    case 'PATCH': {
      const start = /^(\d+)-\d+$/.exec(request.headers['content-range'] ?? '')?.[1];
      if (start !== undefined && Number(start) !== upload.size) {
        return { ...accepted(context, repository, id, upload.size), status: 416 };
      }
      upload.chunks.push(request.body);
      upload.size += request.body.length;
      return accepted(context, repository, id, upload.size);
    }
    case 'PUT': {
      const digest = request.query.get('digest');
      if (digest === null) return refuse(400, 'DIGEST_INVALID', 'digest missing');
      context.uploads.end(id);
      return storeBlob(
        context,
        repository,
        Buffer.concat([...upload.chunks, request.body]),
        digest,
      );
    }
    default:
      return refuse(405, 'UNSUPPORTED', 'method not allowed');
  }
}

function storeBlob(
  { store }: RegistryContext,
  repository: string,
  bytes: Buffer,
  digest: string,
): RegistryResponse {
  if (sha256(bytes) !== digest) {
    return refuse(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
  }
  store.putBlob(repository, bytes);
  return created(repository, digest);
}

function created(repository: string, digest: string): RegistryResponse {
  return {
    status: 201,
    headers: { location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest },
  };
}

/** The location has a query, as on many registries: a client must append to it, not replace it. */
function accepted(
  { settings, origin, sideOrigin }: RegistryContext,
  repository: string,
  id: string,
  size: number,
): RegistryResponse {
  const base = settings.uploadElsewhere ? sideOrigin : settings.absoluteLocations ? origin : '';
  return {
    status: 202,
    headers: {
      location: `${base}/v2/${repository}/blobs/uploads/${id}?_state=${size}`,
      range: `0-${Math.max(size - 1, 0)}`,
      'docker-upload-uuid': id,
    },
  };
}
