import { readFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** How a registry is accessed: without our own client. */
export interface RegistryAccess {
  /** `host:port`. */
  readonly host: string;
  readonly login?: { readonly username: string; readonly password: string };
  /** TLS with this CA. Default: plain http. */
  readonly caFile?: string;
}

export interface RegistryAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface RegistryCall {
  readonly method?: string;
  readonly body?: Buffer;
  readonly contentType?: string;
}

const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Sends one request to a path below `/v2/`. */
export function call(
  { host, login, caFile }: RegistryAccess,
  path: string,
  { method = 'GET', body, contentType }: RegistryCall = {},
): Promise<RegistryAnswer> {
  const send = caFile === undefined ? httpRequest : httpsRequest;
  const url = `${caFile === undefined ? 'http' : 'https'}://${host}/v2/${path}`;
  const options = {
    method,
    headers: {
      accept: ACCEPT,
      ...(contentType !== undefined && { 'content-type': contentType }),
    },
    ...(login && { auth: `${login.username}:${login.password}` }),
    ...(caFile !== undefined && { ca: readFileSync(caFile) }),
  };
  return new Promise((settle, fail) => {
    const sent = send(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', fail);
      response.once('end', () => {
        const { statusCode: status = 0, headers } = response;
        settle({ status, headers, body: Buffer.concat(chunks) });
      });
    });
    sent.once('error', fail);
    sent.end(body);
  });
}

/** Gets a path. @throws Error unless the registry answers with 200 */
export async function get(access: RegistryAccess, path: string): Promise<RegistryAnswer> {
  const answer = await call(access, path);
  if (answer.status === 200) return answer;
  throw new Error(`${path}: the registry answered ${answer.status}`);
}

/** The tags of a repository; none if nothing was pushed to it. */
export async function tagsOf(access: RegistryAccess, path: string): Promise<readonly string[]> {
  const { status, body } = await call(access, `${path}/tags/list`);
  if (status === 404) return [];
  if (status !== 200) throw new Error(`the registry answered ${status} for the tags of ${path}`);
  const { tags } = JSON.parse(body.toString('utf8')) as { tags: readonly string[] | null };
  return tags ?? [];
}
