import { SignedImageError } from '../../../error';
import {
  type ManifestReport,
  type PartReport,
  unmetParts,
  type VerificationPolicy,
  type VerificationReport,
} from '../../../verify';
import type { StoredSignatureOutput } from '../../resources/signature-outputs';
import type { ResourceLog } from '../protocol/engine-log';
import type { Properties } from '../protocol/wire-value';

/** What was found, and what it was looked at for. */
export interface DriftCheck {
  readonly report: VerificationReport;
  readonly policy: VerificationPolicy;
  /** Signatures that the state names and the registry no longer has, though it has others as good. */
  readonly renamed?: readonly StoredSignatureOutput[];
}

/**
 * What differs between the registry and the state: each part that is missing or invalid. A part
 * that could not be looked at is told and changes nothing.
 */
export function driftIn(
  { report, policy, renamed = [] }: DriftCheck,
  log: ResourceLog,
): readonly string[] {
  const unmet = report.manifests.flatMap((manifest) =>
    unmetParts(manifest, policy).map((part) => ({ part, where: whereOf(manifest) })),
  );
  const others = renamed.map(
    ({ purpose, format, subject, stored }) =>
      `${purpose} (${format}) of ${subject} is another one than ${stored}, which is gone`,
  );
  const gaps = unmet.flatMap(({ part, where }) => {
    const what = `${nameOf(part)} of ${where}`;
    const reason = part.reason === undefined ? '' : `: ${part.reason}`;
    if (part.status !== 'unavailable') return [`${what} is ${part.status}${reason}`];
    log.warn(`could not look at the ${what}, so nothing is concluded${reason}`);
    return [];
  });
  return [...gaps, ...others];
}

function whereOf({ digest, platform }: ManifestReport): string {
  return platform ? `${digest} (${platform})` : digest;
}

function nameOf({ purpose, format }: PartReport): string {
  return `${purpose} (${format})`;
}

/** The state after a look: the same where it could not look, and with the drift where it could. */
export async function refreshed(
  outputs: Properties,
  log: ResourceLog,
  next: string,
  look: () => Promise<DriftCheck>,
): Promise<Properties> {
  try {
    const drift = driftIn(await look(), log);
    for (const line of drift) log.warn(`${line}; the next update ${next}`);
    return { ...outputs, drift };
  } catch (error) {
    if (!(error instanceof SignedImageError)) throw error;
    if (error.code === 'REGISTRY_NOT_FOUND' || error.code.startsWith('CONTENT_')) {
      log.warn(error.message);
      return { ...outputs, drift: [error.message] };
    }
    log.warn(`could not look, so nothing is concluded: ${error.message}`);
    return outputs;
  }
}
