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

/** The result of an inspection, and the policy that it is compared with. */
export interface DriftCheck {
  readonly report: VerificationReport;
  readonly policy: VerificationPolicy;
  /** Signatures in the state that the registry no longer has, although it has equivalent ones. */
  readonly replaced?: readonly StoredSignatureOutput[];
}

/**
 * Returns the differences between the registry and the state: each part that is missing or invalid. A
 * part that could not be read is logged and is not a difference.
 */
export function findDrift(
  { report, policy, replaced = [] }: DriftCheck,
  log: ResourceLog,
): readonly string[] {
  const unmet = report.manifests.flatMap((manifest) =>
    unmetParts(manifest, policy).map((part) => ({ part, where: formatManifest(manifest) })),
  );
  const replacements = replaced.map(
    ({ purpose, format, subject, stored }) =>
      `${purpose} (${format}) of ${subject}: ${stored} is gone and another one exists`,
  );
  const parts = unmet.map(({ part, where }) => ({
    ...part,
    name: `${formatPart(part)} of ${where}`,
  }));
  const requirements = (report.requirements ?? [])
    .filter(({ status }) => status !== 'present')
    .map((each) => ({ ...each, name: `requirement ${each.name}` }));
  const gaps = [...parts, ...requirements].flatMap(({ name, status, reason }) => {
    const why = reason === undefined ? '' : `: ${reason}`;
    if (status !== 'unavailable') return [`${name} is ${status}${why}`];
    log.warn(`check of the ${name} failed; state left unchanged${why}`);
    return [];
  });
  return [...gaps, ...replacements];
}

function formatManifest({ digest, platform }: ManifestReport): string {
  return platform ? `${digest} (${platform})` : digest;
}

function formatPart({ purpose, format }: PartReport): string {
  return `${purpose} (${format})`;
}

/** Returns the state with the current drift; unchanged if the check failed. */
export async function refreshDrift(
  outputs: Properties,
  log: ResourceLog,
  next: string,
  check: () => Promise<DriftCheck>,
): Promise<Properties> {
  try {
    const drift = findDrift(await check(), log);
    for (const line of drift) log.warn(`${line}; the next update ${next}`);
    return { ...outputs, drift };
  } catch (error) {
    if (!(error instanceof SignedImageError)) throw error;
    if (error.code === 'REGISTRY_NOT_FOUND' || error.code.startsWith('CONTENT_')) {
      log.warn(error.message);
      return { ...outputs, drift: [error.message] };
    }
    log.warn(`check failed; state left unchanged: ${error.message}`);
    return outputs;
  }
}
