import type { X509Certificate } from '@sigstore/core';

/**
 * The claims of a CI job that Fulcio verified and wrote into the certificate, by the last number of their extension.
 * https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
 */
export const CLAIM_EXTENSIONS = {
  buildSignerUri: 9,
  buildSignerDigest: 10,
  runnerEnvironment: 11,
  sourceRepository: 12,
  sourceDigest: 13,
  sourceRef: 14,
  sourceRepositoryId: 15,
  sourceRepositoryOwner: 16,
  sourceRepositoryOwnerId: 17,
  buildConfigUri: 18,
  buildConfigDigest: 19,
  buildTrigger: 20,
  runInvocationUri: 21,
  sourceRepositoryVisibility: 22,
  deploymentEnvironment: 23,
  // Deprecated by Fulcio; cosign and Kyverno require these only.
  githubWorkflowTrigger: 2,
  githubWorkflowSha: 3,
  githubWorkflowName: 4,
  githubWorkflowRepository: 5,
  githubWorkflowRef: 6,
} as const;

export type ClaimName = keyof typeof CLAIM_EXTENSIONS;

/** Values of claims by their names. */
export type CertificateClaims = { readonly [Name in ClaimName]?: string };

export const CLAIM_NAMES = Object.keys(CLAIM_EXTENSIONS) as readonly ClaimName[];

/** Claims that are the URL of a repository, an account or a file of one. */
export const URL_CLAIMS: readonly ClaimName[] = [
  'buildSignerUri',
  'sourceRepository',
  'sourceRepositoryOwner',
  'buildConfigUri',
];

const FULCIO = '1.3.6.1.4.1.57264.1';
/** The extensions up to this number are raw text, the others a DER UTF8String. */
const LAST_RAW = 6;
const UTF8_STRING = 0x0c;

/** The content of a DER UTF8String that fills the bytes; `undefined` if they are anything else. */
function derText(bytes: Buffer): Buffer | undefined {
  const [tag, first = 0] = bytes;
  if (tag !== UTF8_STRING || bytes.length < 2) return undefined;
  if (first < 0x80) return bytes.length === first + 2 ? bytes.subarray(2) : undefined;
  const octets = first & 0x7f;
  if (octets < 1 || octets > 3 || bytes.length < 2 + octets) return undefined;
  const length = bytes.readUIntBE(2, octets);
  // DER has one encoding of a length: the shortest.
  const isShortest = length >= 0x80 && length >= 2 ** (8 * (octets - 1));
  const content = bytes.subarray(2 + octets);
  return isShortest && content.length === length ? content : undefined;
}

function utf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Reads a claim of a certificate; `undefined` if the certificate does not have it exactly once in the encoding that
 * Fulcio writes: a value that two verifiers could read differently must not be trusted.
 */
export function readClaim(certificate: X509Certificate, name: ClaimName): string | undefined {
  const number = CLAIM_EXTENSIONS[name];
  const oid = `${FULCIO}.${number}`;
  const [extension, ...others] = certificate.extensions.filter(
    ({ subs }) => subs[0]?.toOID() === oid,
  );
  const bytes = extension?.subs.at(-1)?.value;
  if (bytes === undefined || others.length > 0) return undefined;
  const content = number <= LAST_RAW ? bytes : derText(bytes);
  return content && utf8(content);
}
