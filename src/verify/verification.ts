import { type ErrorCode, SignedImageError } from '../error';
import type { RegistryClient } from '../oci/client';
import type { Digest } from '../oci/digest';
import { type Repository, pinned } from '../oci/reference';
import { inspectImage, unmetParts } from './inspection';
import type { VerificationPolicy } from './policy';
import type {
  ManifestReport,
  PartReport,
  RequirementReport,
  VerificationReport,
  VerifiedImageReference,
} from './report';

/** Something that the policy requires and that is not present. */
interface Unmet {
  readonly code: ErrorCode;
  readonly isUnavailable: boolean;
  /** Says what is not met, and why. */
  readonly line: string;
}

function codeOf(unmet: readonly Unmet[]): ErrorCode {
  if (unmet.some(({ isUnavailable }) => isUnavailable)) return 'VERIFY_INCONCLUSIVE';
  return unmet[0]?.code ?? 'VERIFY_UNSIGNED';
}

function unmetPart({ platform, digest }: ManifestReport, part: PartReport): Unmet {
  const which = platform === undefined ? '' : `${platform} `;
  return unmet(part, `${which}${digest}: ${part.purpose} (${part.format}) is ${part.status}`);
}

function unmetRequirement(requirement: RequirementReport): Unmet {
  const { name, predicateType, status } = requirement;
  const what = predicateType === undefined ? 'signature' : `attestation ${predicateType}`;
  const fault = status === 'missing' || status === 'unavailable' ? status : 'not met';
  return unmet(requirement, `missing: ${name} (${what}) is ${fault}`);
}

function unmet(
  { code = 'VERIFY_UNSIGNED', status, reason }: PartReport | RequirementReport,
  what: string,
): Unmet {
  return {
    code,
    isUnavailable: status === 'unavailable',
    line: `${what}: ${reason ?? 'reason unknown'}`,
  };
}

/** A line for each requirement that is not met, with its error code. */
export function unmetLines(
  report: VerificationReport,
  policy: VerificationPolicy,
): readonly string[] {
  return unmetOf(report, policy).map(({ line, code }) => `${line} [${code}]`);
}

function unmetOf(
  { manifests, requirements = [] }: VerificationReport,
  policy: VerificationPolicy,
): readonly Unmet[] {
  return [
    ...manifests.flatMap((manifest) =>
      unmetParts(manifest, policy).map((part) => unmetPart(manifest, part)),
    ),
    ...requirements.filter(({ status }) => status !== 'present').map(unmetRequirement),
  ];
}

function verificationError(reference: string, faults: readonly Unmet[]): SignedImageError {
  const code = codeOf(faults);
  const head =
    code === 'VERIFY_INCONCLUSIVE'
      ? `the verification of ${reference} is inconclusive, because not everything could be read; run again`
      : `${reference} is not verified`;
  return new SignedImageError({
    code,
    message: [`${head}:`, ...faults.map(({ line }) => `  ${line}`)].join('\n'),
  });
}

/**
 * Verifies an image with the current content of the registry. Only this function returns a
 * `VerifiedImageReference`.
 *
 * @throws SignedImageError `VERIFY_*` with a line for each unmet requirement; `VERIFY_INCONCLUSIVE`
 *   if something that is required could not be read; and the errors of `inspectImage`
 */
export async function verifyImage(
  repository: Repository,
  digest: Digest,
  policy: VerificationPolicy,
  client: RegistryClient,
): Promise<VerificationReport> {
  const report = await inspectImage(repository, digest, policy, client);
  const faults = unmetOf(report, policy);
  const reference = pinned(repository, digest);
  if (!report.verified || faults.length > 0) throw verificationError(reference, faults);
  return { ...report, imageRef: reference as VerifiedImageReference };
}
