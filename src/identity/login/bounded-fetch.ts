import { isBoundedJson } from '../../http/json-bounds';

/** A discovery document, a key set and an answer with tokens have some kilobytes. */
const ANSWER_LIMIT = 1024 * 1024;
const MAX_VALUES = 20_000;

/** Requests of the library, which would read and parse answers of any length. */
export async function boundedFetch(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  const bytes = await readBounded(response);
  if (!isBoundedJson(bytes, MAX_VALUES)) throw new Error('its answer is too much JSON');
  const { status, statusText, headers } = response;
  const mayHaveBody = bytes.length > 0 && status !== 204 && status !== 205 && status !== 304;
  return new Response(mayHaveBody ? bytes : null, { status, statusText, headers });
}

async function readBounded({ body }: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > ANSWER_LIMIT) throw new Error('its answer is too long');
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
