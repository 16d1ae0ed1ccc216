import { SignedImageError } from '../error';
import { type Digest, isDigest } from '../oci/digest';
import { isJsonObject, parseJsonObject } from '../oci/strict-json';

/** `critical.type` of the payloads that `cosign sign` signs. */
export const SIMPLE_SIGNING_TYPE = 'cosign container image signature';

/** The content of a simple signing payload. */
export interface SimpleSigning {
  readonly reference: string | undefined;
  readonly digest: Digest;
  readonly type: string;
  /** `optional`: the annotations, values as they were signed. Empty for `null`. */
  readonly annotations: Readonly<Record<string, unknown>>;
}

/**
 * Encodes the payload that cosign's legacy format signs: compact JSON, with fields in the order of
 * cosign's Go structs.
 *
 * @param reference the identity that the image claims: by default cosign writes the repository
 *
 * https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
 */
export function encodeSimpleSigning(
  reference: string,
  digest: Digest,
  annotations: Readonly<Record<string, string>>,
): Buffer {
  const optional = Object.keys(annotations).length > 0 ? annotations : null;
  return Buffer.from(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': reference },
        image: { 'docker-manifest-digest': digest },
        type: SIMPLE_SIGNING_TYPE,
      },
      optional,
    }),
    'utf8',
  );
}

function malformed(reason: string): SignedImageError {
  return new SignedImageError({
    code: 'CONTENT_MALFORMED',
    message: `not a simple signing payload: ${reason}`,
  });
}

/**
 * Parses the exact bytes that were signed.
 *
 * @throws SignedImageError `CONTENT_MALFORMED`
 */
export function parseSimpleSigning(payload: Buffer): SimpleSigning {
  const { critical, optional } = parseJsonObject(payload, 'the signed payload');
  if (!isJsonObject(critical)) throw malformed('it has no `critical`');
  const { identity, image, type } = critical;
  const digest = isJsonObject(image) ? image['docker-manifest-digest'] : undefined;
  if (typeof digest !== 'string' || !isDigest(digest))
    throw malformed('it does not contain a digest');
  if (typeof type !== 'string') throw malformed('it has no type');
  const reference = isJsonObject(identity) ? identity['docker-reference'] : undefined;
  if (optional !== undefined && optional !== null && !isJsonObject(optional)) {
    throw malformed('`optional` is not an object');
  }
  return {
    reference: typeof reference === 'string' ? reference : undefined,
    digest,
    type,
    annotations: optional ?? {},
  };
}
