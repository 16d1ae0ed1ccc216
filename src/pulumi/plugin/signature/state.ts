import type { SignerDescription, StoredSignature } from '../../../sign';
import type { WrittenSignatureOutput } from '../../resources/signature-outputs';
import { provenanceOf } from '../inputs/declared-provenance';
import { transparencyOf } from '../../../core/policy-args';
import { factsOutput } from '../inputs/declared-source';
import type { SignatureRequest } from './order';
import { type Properties, toValue } from '../protocol/wire-value';

/** The result of signing, complete or not. */
export interface SigningResult {
  readonly stored: readonly StoredSignature[];
  readonly signer: SignerDescription;
  /** Everything that the resource has written so far. */
  readonly written: readonly WrittenSignatureOutput[];
  /** What the next update must repair. */
  readonly drift: readonly string[];
}

/**
 * Creates the outputs of a signature for the state. An output without a value is `null`: the SDK takes one that is
 * absent for unknown in a preview, and would show changes of everything that depends on it.
 */
export function signatureState(
  request: SignatureRequest,
  { stored, signer, written, drift }: SigningResult,
): Properties {
  const { digest, signing, annotations, facts, repository, provenance, build, githubJob } = request;
  const source = { repository, declared: provenance, facts, build, githubJob };
  const statement = provenanceOf(digest, source);
  const ofImage = stored.find(
    ({ subject, purpose }) => subject === digest && purpose === 'signature',
  );
  return toValue({
    signer,
    signedAnnotations: annotations,
    signatures: stored.map(({ subject, purpose, format, stored: digestInRegistry }) => ({
      subject,
      purpose,
      format,
      stored: digestInRegistry,
    })),
    bundles: stored.map(({ bundle }) => JSON.stringify(bundle)),
    certificate: ofImage?.certificate ?? null,
    logEntries: stored.flatMap(({ logEntries, subject, purpose }) =>
      logEntries.map((entry) => ({ ...entry, subject, purpose })),
    ),
    signedProvenance: statement ? JSON.stringify(statement.predicate) : null,
    witnessed: transparencyOf(signing.services),
    facts: factsOutput(facts),
    drift,
    written,
  }) as Properties;
}
