import { createHash } from 'node:crypto';

import type { ServiceCallOptions } from '../http/service-call';
import { askService, refusalOf } from './service-request';

/**
 * Requests an RFC 3161 timestamp of a signature, by the JSON API of Sigstore's timestamp authority:
 * https://github.com/sigstore/timestamp-authority/blob/main/openapi.yaml
 *
 * @param url the base URL, or the full address to post to, as signing configs have it
 * @returns the response of the authority, DER
 * @throws ServiceRefusal, or the error of the connection
 */
export async function requestTimestamp(
  url: string,
  signature: Buffer,
  call: ServiceCallOptions | undefined,
): Promise<Buffer> {
  const address = new URL(url).pathname === '/' ? `${url}/api/v1/timestamp` : url;
  const json = {
    artifactHash: createHash('sha256').update(signature).digest('base64'),
    hashAlgorithm: 'sha256',
  };
  const accept = 'application/timestamp-reply';
  const answer = await askService({ method: 'POST', url: address, json, accept }, call);
  if (answer.status >= 400) throw refusalOf(answer);
  return answer.body;
}
