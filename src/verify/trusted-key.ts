import type { PublicKey } from '../key/public-key';
import { type Failure, failure } from './failure';

/** A key whose signatures count if they were made in a certain time. */
export interface TrustedKey {
  readonly key: PublicKey;
  /** Signatures from before do not count. Default: no beginning. */
  readonly notBefore?: Date | undefined;
  /** Signatures from after do not count. Default: no end. */
  readonly notAfter?: Date | undefined;
  /** Nothing that it signed counts any more, whenever that was. Default: false. */
  readonly retired?: boolean | undefined;
}

/** The same where a key has several windows: one of them is enough. */
export function outsideWindows(
  windows: readonly TrustedKey[],
  proven: readonly Date[],
  now: Date,
): Failure | undefined {
  const failures = windows.map((window) => outsideWindow(window, proven, now));
  return failures.includes(undefined) ? undefined : failures[0];
}

/**
 * Why a signature of this key does not count.
 *
 * @param proven the times that a log or an authority says; without any it is taken for one of now,
 *   because whoever has the key can write any other
 */
function outsideWindow(
  { key, notBefore, notAfter, retired }: TrustedKey,
  proven: readonly Date[],
  now: Date,
): Failure | undefined {
  const whose = `signed by the retired key sha256:${key.keyId}`;
  if (retired === true) return failure('VERIFY_KEY_RETIRED', `${whose}, of which nothing counts`);
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
      ? `the signature is of ${outside.toISOString()}`
      : 'nothing proves when the signature was made, so that it counts as one of now';
  return failure('VERIFY_KEY_RETIRED', `${whose}: ${when}, and those ${window} count`);
}
