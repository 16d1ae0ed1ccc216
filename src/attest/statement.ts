import { type Digest, hexOf } from '../oci/digest';
import { type Repository, formatRepository } from '../oci/reference';

/** https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md */
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
/** https://github.com/in-toto/attestation/blob/main/spec/v1/envelope.md */
export const STATEMENT_PAYLOAD_TYPE = 'application/vnd.in-toto+json';
/** The predicate type that `cosign sign` of cosign v3 writes. */
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
 * Creates the statement that `cosign sign -a k=v` signs: the image digest as subject, the
 * annotations on the subject, and an empty predicate (which cosign >= 3.0.5 writes).
 *
 * The subject also has a name, which `cosign sign` leaves out and sigstore-python requires: the repository,
 * as in the statements of `cosign attest` and of GitHub's attest action.
 */
export function signatureStatement(
  repository: Repository,
  digest: Digest,
  annotations: Readonly<Record<string, string>>,
): Statement<Record<string, never>> {
  const signed = Object.keys(annotations).length > 0 ? { annotations } : {};
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name: formatRepository(repository), digest: { sha256: hexOf(digest) }, ...signed }],
    predicateType: SIGNATURE_PREDICATE_TYPE,
    predicate: {},
  };
}

/** Encodes the bytes to sign: compact JSON with the members in the order above. */
export function encodeStatement(statement: Statement): Buffer {
  return Buffer.from(JSON.stringify(statement), 'utf8');
}
