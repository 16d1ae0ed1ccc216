import { createHash } from 'node:crypto';

import type { RunningRegistry } from '../../../dev/registry';

export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const INDEX = 'application/vnd.oci.image.index.v1+json';

export function digest(bytes: string | Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function ask(
  registry: RunningRegistry,
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Response> {
  const url = new URL(path, registry.url);
  return fetch(url, {
    method,
    headers,
    redirect: 'manual',
    ...(body !== undefined && { body: new Uint8Array(Buffer.from(body)) }),
  });
}

export async function pushBlob(
  registry: RunningRegistry,
  repository: string,
  body: string,
): Promise<string> {
  const path = `/v2/${repository}/blobs/uploads/?digest=${digest(body)}`;
  const response = await ask(registry, 'POST', path, { body });
  expect(response.status).toBe(201);
  return digest(body);
}

export function manifestText(config: string, more: Record<string, unknown> = {}): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: digest(config),
      size: config.length,
    },
    layers: [],
    ...more,
  });
}

export async function pushManifest(
  registry: RunningRegistry,
  repository: string,
  reference: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return ask(registry, 'PUT', `/v2/${repository}/manifests/${reference}`, {
    headers: { 'content-type': MANIFEST, ...headers },
    body,
  });
}

export async function errorCode(response: Response): Promise<string> {
  const { errors } = (await response.json()) as { errors: { code: string }[] };
  return errors[0]?.code ?? '';
}
