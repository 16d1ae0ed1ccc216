import { SignedImageError } from '../error';

/**
 * Repeats a read once if the content was not found or did not match its digest. Writes follow from
 * "not found": a tag is created, an image is signed. A single wrong response, of a proxy or of an
 * eventually consistent registry, must not cause these.
 */
export async function confirmAbsent<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    const first = await read();
    if (first !== undefined) return first;
  } catch (error) {
    if (!(error instanceof SignedImageError) || !error.code.startsWith('CONTENT_')) throw error;
  }
  return read();
}
