import type { SignerDescription, StoredSignature } from '../../../sign';
import type { WrittenSignatureOutput } from '../../resources/signature-outputs';
import { provenanceOf } from '../inputs/declared-provenance';
import { transparencyOf } from '../inputs/declared-signing';
import { factsOutput } from '../inputs/declared-source';
import type { SignatureRequest } from './order';
import { type Properties, toValue } from '../protocol/wire-value';

/** What a run of signing came to, whether or not it came to its end. */
export interface SigningResult {
  readonly stored: readonly StoredSignature[];
  readonly signer: SignerDescription;
  /** Everything that the resource wrote so far. */
  readonly written: readonly WrittenSignatureOutput[];
  /** What the next update has to make up for. */
  readonly drift: readonly string[];
}

/** The outputs of a signature, as they are kept. */
export function signatureState(
  order: SignatureRequest,
  { stored, signer, written, drift }: SigningResult,
): Properties {
  const { digest, signing, annotations, facts, repository, provenance, build } = order;
  const statement = provenanceOf(digest, { repository, declared: provenance, facts, build });
  const ofImage = stored.find(
    ({ subject, purpose }) => subject === digest && purpose === 'signature',
  );
  return toValue({
    signer,
    signedAnnotations: annotations,
    signatures: stored.map(({ subject, purpose, format, stored: where }) => ({
      subject,
      purpose,
      format,
      stored: where,
    })),
    bundles: stored.map(({ bundle }) => JSON.stringify(bundle)),
    certificate: ofImage?.certificate,
    logEntries: stored.flatMap(({ logEntries, subject, purpose }) =>
      logEntries.map((entry) => ({ ...entry, subject, purpose })),
    ),
    signedProvenance: statement && JSON.stringify(statement.predicate),
    witnessed: transparencyOf(signing.services),
    facts: factsOutput(facts),
    drift,
    written,
  }) as Properties;
}
