import { SignedImageError } from '../error';
import { type Digest, hexOf } from '../oci/digest';
import { isJsonObject, type JsonObject, parseJsonObject } from '../oci/strict-json';
import { STATEMENT_TYPE } from './statement';

/** The type that `cosign attest` still writes; it has the same members as v1. */
export const STATEMENT_TYPE_V01 = 'https://in-toto.io/Statement/v0.1';

/** A parsed in-toto statement. Only its structure was validated. */
export interface ParsedStatement {
  readonly subjects: readonly ParsedSubject[];
  readonly predicateType: string;
  readonly predicate: unknown;
  /** The whole statement as it was signed. */
  readonly json: JsonObject;
}

export interface ParsedSubject {
  readonly name?: string;
  /** Hex digest by algorithm. */
  readonly digest: Readonly<Record<string, unknown>>;
  /** The signed values, which need not be strings. */
  readonly annotations: Readonly<Record<string, unknown>>;
}

function malformed(why: string): SignedImageError {
  return new SignedImageError({
    code: 'CONTENT_MALFORMED',
    message: `not an in-toto statement: ${why}`,
  });
}

function parseSubject(value: unknown): ParsedSubject {
  if (!isJsonObject(value) || !isJsonObject(value['digest'])) {
    throw malformed('a subject has no digest');
  }
  const { name, digest, annotations } = value;
  return {
    ...(typeof name === 'string' && { name }),
    digest,
    annotations: isJsonObject(annotations) ? annotations : {},
  };
}

/**
 * Parses the payload of a DSSE envelope.
 *
 * @throws SignedImageError `CONTENT_MALFORMED`
 */
export function parseStatement(payload: Buffer): ParsedStatement {
  const statement = parseJsonObject(payload, 'the signed statement');
  const { _type: type, subject, predicateType, predicate } = statement;
  if (type !== STATEMENT_TYPE && type !== STATEMENT_TYPE_V01) {
    throw malformed(`its _type is ${JSON.stringify(type)}`);
  }
  if (!Array.isArray(subject)) throw malformed('it has no list of subjects');
  if (typeof predicateType !== 'string') throw malformed('it has no predicateType');
  return { subjects: subject.map(parseSubject), predicateType, predicate, json: statement };
}

/** Returns the subjects with the digest of this manifest. */
export function subjectsOf(statement: ParsedStatement, digest: Digest): readonly ParsedSubject[] {
  const hex = hexOf(digest);
  return statement.subjects.filter((subject) => subject.digest['sha256'] === hex);
}
