import { type ErrorCode, SignedImageError } from '../error';
import type { RegistryClient } from '../oci/client';
import type { Digest } from '../oci/digest';
import { type Repository, pinned } from '../oci/reference';
import { inspectImage, unmetParts } from './inspection';
import type { VerificationPolicy } from './policy';
import type {
  ManifestReport,
  PartReport,
  VerificationReport,
  VerifiedImageReference,
} from './report';

interface Unmet {
  readonly manifest: ManifestReport;
  readonly part: PartReport;
}

function codeOf(unmet: readonly Unmet[]): ErrorCode {
  if (unmet.some(({ part }) => part.status === 'unavailable')) return 'VERIFY_INCONCLUSIVE';
  return unmet[0]?.part.code ?? 'VERIFY_UNSIGNED';
}

/** Says which requirement is not met, and why. */
function unmetLine({ manifest, part }: Unmet): string {
  const which = manifest.platform === undefined ? '' : `${manifest.platform} `;
  return `${which}${manifest.digest}: ${part.purpose} (${part.format}) is ${part.status}: ${part.reason ?? 'reason unknown'}`;
}

/** A line for each requirement that is not met, with its error code. */
export function unmetLines(
  { manifests }: VerificationReport,
  policy: VerificationPolicy,
): readonly string[] {
  return unmetOf(manifests, policy).map(
    (each) => `${unmetLine(each)} [${each.part.code ?? 'VERIFY_UNSIGNED'}]`,
  );
}

function unmetOf(manifests: readonly ManifestReport[], policy: VerificationPolicy): Unmet[] {
  return manifests.flatMap((manifest) =>
    unmetParts(manifest, policy).map((part) => ({ manifest, part })),
  );
}

function verificationError(reference: string, unmet: readonly Unmet[]): SignedImageError {
  const code = codeOf(unmet);
  const head =
    code === 'VERIFY_INCONCLUSIVE'
      ? `the verification of ${reference} is inconclusive, because not everything could be read; run again`
      : `${reference} is not verified`;
  return new SignedImageError({
    code,
    message: [`${head}:`, ...unmet.map((each) => `  ${unmetLine(each)}`)].join('\n'),
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
  const unmet = unmetOf(report.manifests, policy);
  const reference = pinned(repository, digest);
  if (!report.verified || unmet.length > 0) throw verificationError(reference, unmet);
  return { ...report, imageRef: reference as VerifiedImageReference };
}
