import type { CertificateClaims } from '../../verify/certificate-claims';
import { literalPattern } from '../../verify/identity-pattern';
import { isRefPattern, refPattern } from './ref-pattern';

/** A keyless signer, as an element of `identities`. */
export interface PresetIdentity {
  readonly identity?: string;
  readonly identityPattern?: string;
  readonly issuer: string;
  readonly claims?: CertificateClaims;
  readonly claimPatterns?: CertificateClaims;
}

/** What a certificate of a CI job says of it. */
export interface WorkflowSigner {
  /** URL of the workflow's file without the reference: `https://github.com/acme/app/.github/workflows/release.yml`. */
  readonly file: string;
  /** Git reference of that file. */
  readonly fileRef: string;
  readonly issuer: string;
  /** URL of the repository whose run it was. */
  readonly repository: string;
  /** Git reference of the run. */
  readonly ref: string;
  readonly runnerEnvironment?: string | undefined;
  readonly subjectOnly?: boolean | undefined;
}

/**
 * The identity of a workflow. Without the claim `sourceRepository` it would be that of every repository that calls the
 * workflow: the subject names the workflow's file, not who runs it.
 */
export function workflowSigner(signer: WorkflowSigner): PresetIdentity {
  const { file, fileRef, issuer, repository: sourceRepository, ref } = signer;
  const { runnerEnvironment } = signer;
  const subject = isRefPattern(fileRef)
    ? { identityPattern: `${literalPattern(file)}@${refPattern(fileRef)}` }
    : { identity: `${file}@${fileRef}` };
  if (signer.subjectOnly === true) return { ...subject, issuer };
  const claims = {
    sourceRepository,
    ...(runnerEnvironment !== undefined && { runnerEnvironment }),
  };
  return isRefPattern(ref)
    ? { ...subject, issuer, claims, claimPatterns: { sourceRef: refPattern(ref) } }
    : { ...subject, issuer, claims: { ...claims, sourceRef: ref } };
}
