import type { PublicKey } from '../key/public-key';
import { type Failure, failure } from './failure';

/** A key that is trusted for signatures of a certain period. */
export interface TrustedKey {
  readonly key: PublicKey;
  /** Earlier signatures are rejected. Default: no limit. */
  readonly notBefore?: Date | undefined;
  /** Later signatures are rejected. Default: no limit. */
  readonly notAfter?: Date | undefined;
  /** All signatures of the key are rejected, whenever they were made. Default: false. */
  readonly retired?: boolean | undefined;
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;

/** Parses an end of a window (https://www.rfc-editor.org/rfc/rfc3339); `undefined` for another text. */
export function parseWindowTime(text: string): Date | undefined {
  const date = new Date(text);
  return RFC_3339.test(text) && !Number.isNaN(date.getTime()) ? date : undefined;
}

/** Returns why a signature is outside all windows of its key; being inside one of them is enough. */
export function outsideWindows(
  windows: readonly TrustedKey[],
  proven: readonly Date[],
  now: Date,
): Failure | undefined {
  const failures = windows.map((window) => outsideWindow(window, proven, now));
  return failures.includes(undefined) ? undefined : failures[0];
}

/**
 * Returns why a signature of this key is rejected.
 *
 * @param proven the times proven by a log or a timestamp authority; without any the signature is
 *   treated as made now, because the owner of the key can write any other time
 */
function outsideWindow(
  { key, notBefore, notAfter, retired }: TrustedKey,
  proven: readonly Date[],
  now: Date,
): Failure | undefined {
  const signedBy = `signed by the retired key sha256:${key.keyId}`;
  if (retired === true)
    return failure('VERIFY_KEY_RETIRED', `${signedBy}, whose signatures are all rejected`);
  const times = proven.length > 0 ? proven : [now];
  const outside = times.find(
    (time) => (notBefore && time < notBefore) || (notAfter && time > notAfter),
  );
  if (!outside) return undefined;
  const window = [
    ...(notBefore ? [`from ${notBefore.toISOString()}`] : []),
    ...(notAfter ? [`until ${notAfter.toISOString()}`] : []),
  ].join(' ');
  const when =
    proven.length > 0
      ? `the signature was made at ${outside.toISOString()}`
      : 'the signing time is not proven, so the signature is treated as made now';
  return failure(
    'VERIFY_KEY_RETIRED',
    `${signedBy}: ${when}, but the key is trusted only ${window}`,
  );
}
