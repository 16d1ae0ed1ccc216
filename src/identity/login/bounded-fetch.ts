import { fetchOver } from '../../http/fetch-adapter';
import { isBoundedJson } from '../../http/json-bounds';
import type { HttpSend } from '../../http/message';
import { serviceClient } from '../../http/service-client';

/** Bytes: a discovery document, a key set and a token response have some kilobytes. */
const MAX_RESPONSE_BYTES = 1024 * 1024;
const MAX_VALUES = 20_000;

/**
 * The requests of the library, which would read and parse responses of any length.
 *
 * @param timeout milliseconds for one request
 */
export function boundedFetch(timeout: number): ReturnType<typeof fetchOver> {
  const send: HttpSend = async (request) => {
    const response = await serviceClient({ env: process.env })({
      ...request,
      limit: MAX_RESPONSE_BYTES,
    });
    if (!isBoundedJson(response.body, MAX_VALUES))
      throw new Error('the response is too much JSON to be parsed');
    return response;
  };
  return fetchOver(send, timeout);
}
