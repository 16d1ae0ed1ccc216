import { SignedImageError } from '../../error';
import type { PartReport, VerificationReport } from '../../verify';
import type { ResourceLog } from './engine-log';
import type { Properties } from './wire-value';

/**
 * What differs between the registry and the state: each part that is missing or invalid. A part
 * that could not be looked at is told and changes nothing.
 */
export function driftIn(report: VerificationReport, log: ResourceLog): readonly string[] {
  const parts = report.manifests.flatMap(({ digest, platform, parts }) =>
    parts.map((part) => ({ part, where: platform ? `${digest} (${platform})` : digest })),
  );
  for (const { part, where } of parts) {
    if (part.status === 'unavailable') {
      log.warn(
        `could not look at the ${nameOf(part)} of ${where}, so nothing is concluded: ${part.reason ?? ''}`,
      );
    }
  }
  return parts
    .filter(({ part }) => part.status === 'missing' || part.status === 'invalid')
    .map(
      ({ part, where }) =>
        `${nameOf(part)} of ${where} is ${part.status}${part.reason ? `: ${part.reason}` : ''}`,
    );
}

function nameOf({ purpose, format }: PartReport): string {
  return `${purpose} (${format})`;
}

/** The state after a look: the same where it could not look, and with the drift where it could. */
export async function refreshed(
  outputs: Properties,
  log: ResourceLog,
  look: () => Promise<VerificationReport>,
): Promise<Properties> {
  try {
    const drift = driftIn(await look(), log);
    for (const line of drift) log.warn(`${line}; the next update makes it again`);
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
