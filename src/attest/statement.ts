import { type Digest, hexOf } from '../oci/digest';

/** https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md */
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
/** https://github.com/in-toto/attestation/blob/main/spec/v1/envelope.md */
export const STATEMENT_PAYLOAD_TYPE = 'application/vnd.in-toto+json';
/** What cosign v3 signs for `cosign sign`. */
export const SIGNATURE_PREDICATE_TYPE = 'https://sigstore.dev/cosign/sign/v1';
/** https://slsa.dev/spec/v1.1/provenance */
export const PROVENANCE_PREDICATE_TYPE = 'https://slsa.dev/provenance/v1';

export interface Subject {
  readonly name?: string;
  readonly digest: { readonly sha256: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Statement<P = unknown> {
  readonly _type: typeof STATEMENT_TYPE;
  readonly subject: readonly Subject[];
  readonly predicateType: string;
  readonly predicate: P;
}

/**
 * The statement that `cosign sign -a k=v` signs: the image by digest, the annotations on its
 * subject, and an empty predicate (present, because cosign >= 3.0.5 writes one).
 */
export function signatureStatement(
  digest: Digest,
  annotations: Readonly<Record<string, string>>,
): Statement<Record<string, never>> {
  const signed = Object.keys(annotations).length > 0 ? { annotations } : {};
  return {
    _type: STATEMENT_TYPE,
    subject: [{ digest: { sha256: hexOf(digest) }, ...signed }],
    predicateType: SIGNATURE_PREDICATE_TYPE,
    predicate: {},
  };
}

/** The bytes to sign: compact JSON, members in the order above. */
export function encodeStatement(statement: Statement): Buffer {
  return Buffer.from(JSON.stringify(statement), 'utf8');
}
