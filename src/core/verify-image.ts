import {
  inspectImage,
  unmetLines,
  type VerificationReport,
  verifyImage as verifyOrThrow,
} from '../verify';
import { type CoreOptions, type ImageArgs, withImage } from './image';
import { loadVerificationPolicy, type VerificationPolicyArgs } from './policy-args';

/** An image, and the requirements that it must meet. */
export interface VerifyImageArgs extends ImageArgs, VerificationPolicyArgs {}

/** What a verification found. */
export interface InspectImageResult {
  /** Whether the image meets all requirements. */
  readonly verified: boolean;
  /** `host/repo@sha256:...`, verified or not. */
  readonly reference: string;
  /** The results for the image and, for an index, each platform manifest. */
  readonly report: VerificationReport;
  /** A line for each requirement that is not met, with its error code. */
  readonly unmet: readonly string[];
}

/**
 * Verifies the signatures, annotations and provenance of an image, as the registry has them now.
 *
 * @throws InvalidInputError with all problems of the requirements; SignedImageError `VERIFY_*` with a line for each
 *   unmet requirement, `VERIFY_INCONCLUSIVE` if something could not be read, `REGISTRY_*`
 */
export async function verifyImage(
  args: VerifyImageArgs,
  options: CoreOptions = {},
): Promise<VerificationReport> {
  return withImage(args, options, async ({ repository, digest, client, host }) =>
    verifyOrThrow(repository, digest, await loadVerificationPolicy(args, host), client),
  );
}

/**
 * As `verifyImage`, but reports what is not met.
 *
 * @throws InvalidInputError with all problems of the requirements; SignedImageError `REGISTRY_*` if the image itself
 *   cannot be read
 */
export async function inspectSignatures(
  args: VerifyImageArgs,
  options: CoreOptions = {},
): Promise<InspectImageResult> {
  return withImage(args, options, async ({ repository, digest, reference, client, host }) => {
    const policy = await loadVerificationPolicy(args, host);
    const report = await inspectImage(repository, digest, policy, client);
    const unmet = unmetLines(report, policy);
    return { verified: report.verified && unmet.length === 0, reference, report, unmet };
  });
}
