import { isDeepStrictEqual } from 'node:util';

import { InvalidInputError, messageOf, type Problem } from '../error';
import { type Digest, hexOf } from '../oci/digest';
import { formatRepository, type Repository } from '../oci/reference';
import { isJsonObject, type JsonObject, parseJsonObject } from '../oci/strict-json';
import { parseStatement } from './parsed-statement';
import { predicateShapeFaults } from './predicate-shape';
import { CUSTOM_PREDICATE_TYPE, parsePredicateType, predicateTypeProblems } from './predicate-type';
import { toPlainJson } from './same-provenance';
import { encodeStatement, type Statement, STATEMENT_TYPE } from './statement';

/** Maximum size of a predicate in bytes: its signed envelope, in base64, must fit into a bundle that verifiers read. */
export const MAX_PREDICATE_BYTES = 10 * 1024 * 1024;

/** What an attestation states. */
export interface PredicateInput {
  /** A short name of `cosign attest --type`, or a URI. */
  readonly predicateType: string;
  /** The text of the predicate, or its JSON object. */
  readonly predicate: string | JsonObject;
}

/** A predicate that has the shape that its type requires. */
export interface ParsedPredicate {
  /** The URI. */
  readonly predicateType: string;
  readonly predicate: unknown;
}

/**
 * Parses a predicate as `cosign attest` does: `custom` wraps any text with the time, `spdx` may be a text that is not
 * JSON, and all others are JSON objects.
 *
 * @param now the time that `custom` records
 * @throws InvalidInputError with all problems, on `predicateType` and `predicate`
 */
export function parsePredicate(input: PredicateInput, now: Date): ParsedPredicate {
  const problems = [...predicateTypeProblems(input.predicateType)];
  const content = contentOf(input, now);
  if ('faults' in content) {
    for (const message of content.faults)
      problems.push({ property: 'predicate', code: 'INPUT_INVALID', message });
    throw new InvalidInputError(problems);
  }
  if (problems.length > 0) throw new InvalidInputError(problems);
  return {
    predicateType: parsePredicateType(input.predicateType),
    predicate: content.predicate,
  };
}

type Content = { readonly predicate: unknown } | { readonly faults: readonly string[] };

function contentOf({ predicateType, predicate }: PredicateInput, now: Date): Content {
  const text = typeof predicate === 'string' ? predicate : JSON.stringify(predicate);
  const size = Buffer.byteLength(text);
  if (size > MAX_PREDICATE_BYTES)
    return { faults: [`has ${size} bytes, and at most ${MAX_PREDICATE_BYTES} can be attested`] };
  // Node replaces bytes that are not UTF-8 with this character.
  if (text.includes('\uFFFD'))
    return { faults: ['contains U+FFFD: a file with other bytes than UTF-8 cannot be attested'] };
  if (text.trim() === '') return { faults: ['is empty'] };
  switch (predicateType) {
    case 'custom':
    case CUSTOM_PREDICATE_TYPE:
      return { predicate: { Data: text, Timestamp: formatSeconds(now) } };
    case 'spdx':
      // As an object, which all verifiers accept, where cosign signs the text of the JSON.
      if (text.trimStart().startsWith('{')) return jsonContent(predicateType, text);
      return /spdxVersion|spdx\.org\/rdf/i.test(text)
        ? { predicate: text }
        : { faults: ['is not an SPDX document: it does not state the version of SPDX'] };
    default:
      return jsonContent(predicateType, text);
  }
}

/** As Go formats RFC 3339, which cosign writes. */
function formatSeconds(time: Date): string {
  return time.toISOString().replace(/\.\d{3}Z$/, 'Z');
}

function jsonContent(type: string, text: string): Content {
  let predicate: JsonObject;
  try {
    predicate = parseJsonObject(Buffer.from(text, 'utf8'), 'the predicate');
  } catch (error) {
    return { faults: [messageOf(error).replace(/^the predicate /, '')] };
  }
  // An unknown type is reported on its own.
  const uri = predicateTypeProblems(type).length > 0 ? type : parsePredicateType(type);
  const faults = [...predicateShapeFaults(uri, predicate), ...lossyNumbers(predicate, '')];
  return faults.length > 0 ? { faults } : { predicate };
}

const MAX_LOSSY = 5;

/** Numbers that would be signed with another value than they have in the file. */
function lossyNumbers(value: unknown, path: string): readonly string[] {
  const found: string[] = [];
  const visit = (each: unknown, at: string): void => {
    if (found.length === MAX_LOSSY) return;
    if (typeof each === 'number') {
      const isExact = Number.isInteger(each) ? Number.isSafeInteger(each) : Number.isFinite(each);
      if (!isExact)
        found.push(`${at} is a number beyond 2^53, which parsers of JSON change: write it as text`);
    } else if (Array.isArray(each)) {
      each.forEach((item, index) => visit(item, `${at}[${index}]`));
    } else if (isJsonObject(each)) {
      for (const [name, member] of Object.entries(each))
        visit(member, at === '' ? name : `${at}.${name}`);
    }
  };
  visit(value, path);
  return found;
}

/**
 * Creates the statement of a predicate about one manifest. Its subject has a name, which some verifiers require.
 *
 * @throws InvalidInputError on `predicate` if verifiers of this package could not read the statement
 */
export function attestationStatement(
  repository: Repository,
  digest: Digest,
  { predicateType, predicate }: ParsedPredicate,
): Statement {
  const statement: Statement = {
    _type: STATEMENT_TYPE,
    subject: [{ name: formatRepository(repository), digest: { sha256: hexOf(digest) } }],
    predicateType,
    predicate,
  };
  try {
    parseStatement(encodeStatement(statement));
  } catch (error) {
    const problem: Problem = {
      property: 'predicate',
      code: 'INPUT_INVALID',
      message: `cannot be attested: ${messageOf(error)}`,
    };
    throw new InvalidInputError([problem]);
  }
  return statement;
}

/** Returns whether two predicates of one type are the same; the time at which `custom` was signed does not count. */
export function samePredicate(predicateType: string, a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(comparable(predicateType, a), comparable(predicateType, b));
}

function comparable(predicateType: string, predicate: unknown): unknown {
  const plain = toPlainJson(predicate);
  if (predicateType !== CUSTOM_PREDICATE_TYPE || !isJsonObject(plain)) return plain;
  return { ...plain, Timestamp: undefined };
}
