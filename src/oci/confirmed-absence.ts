import { SignedImageError } from '../error';

/**
 * Reads again, once, what seems not to be there or to be other than its digest says. Writing is
 * what follows from "not there": a tag is begun anew, an image is signed. One wrong answer, of a
 * proxy or of a registry whose parts do not agree yet, must not lead to that.
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
