import { parseStatement, subjectsOf, type ParsedStatement } from '../../attest/parsed-statement';
import { SIGNATURE_PREDICATE_TYPE, STATEMENT_PAYLOAD_TYPE } from '../../attest/statement';
import { SignedImageError } from '../../error';
import type { Digest } from '../../oci/digest';
import type { Candidate } from '../../storage/candidate';
import { parseSimpleSigning, SIMPLE_SIGNING_TYPE } from '../../storage/legacy-payload';
import type { JsonObject } from '../../oci/strict-json';

/** What a candidate signs. It must not be trusted before the signature is verified. */
export interface SignedContent {
  /** `undefined` for a signature of the image. */
  readonly predicateType: string | undefined;
  readonly statement: JsonObject;
  readonly predicate: unknown;
  /** The signed pairs of each subject with the manifest's digest; empty if there is none. */
  readonly subjects: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Reads what a candidate says about a manifest, of any predicate type.
 *
 * @throws SignedImageError `CONTENT_MALFORMED`
 */
export function readSignedContent({ bundle, payload }: Candidate, digest: Digest): SignedContent {
  if (payload) {
    const signed = parseSimpleSigning(payload);
    if (signed.type !== SIMPLE_SIGNING_TYPE) {
      throw malformed(`the payload's type is ${JSON.stringify(signed.type)}`);
    }
    const subjects = signed.digest === digest ? [signed.annotations] : [];
    return { predicateType: undefined, statement: {}, predicate: {}, subjects };
  }
  if (bundle.content.$case !== 'dsseEnvelope') {
    throw malformed('it signs bytes, not a statement about an image');
  }
  const envelope = bundle.content.dsseEnvelope;
  if (envelope.payloadType !== STATEMENT_PAYLOAD_TYPE) {
    throw malformed(`its payload is of type ${JSON.stringify(envelope.payloadType)}`);
  }
  return contentOf(parseStatement(envelope.payload), digest);
}

/** What a statement says about a manifest. */
export function contentOf(statement: ParsedStatement, digest: Digest): SignedContent {
  const { predicateType, predicate, json } = statement;
  return {
    predicateType: predicateType === SIGNATURE_PREDICATE_TYPE ? undefined : predicateType,
    statement: json,
    predicate,
    subjects: subjectsOf(statement, digest).map(({ annotations }) => annotations),
  };
}

function malformed(message: string): SignedImageError {
  return new SignedImageError({ code: 'CONTENT_MALFORMED', message });
}
