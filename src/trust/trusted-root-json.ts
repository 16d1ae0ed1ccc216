import { type KeyObject, X509Certificate, createPublicKey } from 'node:crypto';

import { PublicKeyDetails, TrustedRoot } from '@sigstore/protobuf-specs';

import { SignedImageError } from '../error';
import { type JsonKind, parseJsonSource } from './json-source';

/** https://github.com/sigstore/protobuf-specs protos/sigstore_trustroot.proto */
export const TRUSTED_ROOT_MEDIA_TYPE = 'application/vnd.dev.sigstore.trustedroot+json;version=0.1';

export const TRUSTED_ROOT: JsonKind = {
  name: 'trusted root',
  file: 'trusted_root.json',
  code: 'TRUSTED_ROOT_INVALID',
};

/** The later media types of the same format, which cosign does not accept yet. */
const MEDIA_TYPES: readonly unknown[] = [
  TRUSTED_ROOT_MEDIA_TYPE,
  'application/vnd.dev.sigstore.trustedroot.v0.1+json',
  'application/vnd.dev.sigstore.trustedroot.v0.2+json',
];

function invalid(fault: string): SignedImageError {
  return new SignedImageError({
    code: 'TRUSTED_ROOT_INVALID',
    message: `the trusted root is not valid: ${fault}; create one with \`cosign trusted-root create\``,
  });
}

type Log = TrustedRoot['tlogs'][number];
type Authority = TrustedRoot['certificateAuthorities'][number];
type Period = NonNullable<Log['publicKey']>['validFor'];

function parseLogKey(rawBytes: Buffer, type: 'spki' | 'pkcs1'): KeyObject | undefined {
  try {
    return createPublicKey({ key: rawBytes, format: 'der', type });
  } catch {
    return undefined;
  }
}

/**
 * Returns the key's bytes in the format that the verifier reads: RSA as PKCS#1, also where
 * `keyDetails` specifies SPKI, and all others as SPKI. `undefined` if it is not a key.
 */
function readableKey(rawBytes: Buffer): Buffer | undefined {
  const key = parseLogKey(rawBytes, 'spki');
  if (key === undefined) return parseLogKey(rawBytes, 'pkcs1') && rawBytes;
  return key.asymmetricKeyType === 'rsa' ? key.export({ format: 'der', type: 'pkcs1' }) : rawBytes;
}

function checkPeriod(period: Period, where: string): void {
  for (const date of [period?.start, period?.end]) {
    if (date !== undefined && Number.isNaN(date.getTime()))
      throw invalid(`${where}.validFor has no valid date`);
  }
}

function checkLog(log: Log, where: string): void {
  const { publicKey, logId } = log;
  if (publicKey?.rawBytes === undefined) throw invalid(`${where}.publicKey.rawBytes is missing`);
  const known =
    publicKey.keyDetails !== PublicKeyDetails.PUBLIC_KEY_DETAILS_UNSPECIFIED &&
    PublicKeyDetails[publicKey.keyDetails] !== undefined;
  if (!known) throw invalid(`${where}.publicKey.keyDetails is missing or unknown`);
  const rawBytes = readableKey(publicKey.rawBytes);
  if (rawBytes === undefined) throw invalid(`${where}.publicKey.rawBytes is not a DER public key`);
  publicKey.rawBytes = rawBytes;
  if (publicKey.validFor?.start === undefined)
    throw invalid(`${where}.publicKey.validFor.start is missing`);
  checkPeriod(publicKey.validFor, `${where}.publicKey`);
  if (logId === undefined || logId.keyId.length === 0)
    throw invalid(`${where}.logId.keyId is missing`);
  // `@sigstore/verify` prefers it to the log id of entries, which may be longer; cosign uses only the log id.
  log.checkpointKeyId = undefined;
}

function checkAuthority({ certChain, validFor }: Authority, where: string): X509Certificate[] {
  const certificates = certChain?.certificates ?? [];
  if (certificates.length === 0) throw invalid(`${where}.certChain does not contain a certificate`);
  checkPeriod(validFor, where);
  return certificates.map(({ rawBytes }, index) => {
    try {
      return new X509Certificate(rawBytes);
    } catch {
      throw invalid(`${where}.certChain.certificates[${index}] is not a DER certificate`);
    }
  });
}

function checkTimestampAuthority(authority: Authority, where: string): void {
  const [leaf] = checkAuthority(authority, where);
  if (leaf?.ca)
    throw invalid(`${where}.certChain must begin with the certificate that signs the timestamps`);
}

function checkMembers({
  tlogs,
  certificateAuthorities,
  ctlogs,
  timestampAuthorities,
}: TrustedRoot): void {
  tlogs.forEach((log, index) => checkLog(log, `tlogs[${index}]`));
  ctlogs.forEach((log, index) => checkLog(log, `ctlogs[${index}]`));
  certificateAuthorities.forEach((ca, index) =>
    checkAuthority(ca, `certificateAuthorities[${index}]`),
  );
  timestampAuthorities.forEach((ca, index) =>
    checkTimestampAuthority(ca, `timestampAuthorities[${index}]`),
  );
}

function fromJson(json: Readonly<Record<string, unknown>>): TrustedRoot {
  try {
    return TrustedRoot.fromJSON(json);
  } catch (error) {
    throw new SignedImageError({
      code: 'TRUSTED_ROOT_INVALID',
      message: `the trusted root is not valid: ${error instanceof Error ? error.message : 'it is malformed'}`,
      cause: error,
    });
  }
}

/**
 * Parses a trusted root and checks everything that cosign and `@sigstore/verify` require of it, so
 * that a gap is reported here and not as a signature that does not verify. Absent lists become empty.
 *
 * @throws SignedImageError `TRUSTED_ROOT_INVALID`
 */
export function parseTrustedRoot(text: string): TrustedRoot {
  const json = parseJsonSource(text, TRUSTED_ROOT);
  const mediaType = json['mediaType'];
  if (!MEDIA_TYPES.includes(mediaType)) {
    const found = typeof mediaType === 'string' ? `"${mediaType.slice(0, 100)}"` : 'missing';
    throw invalid(`its mediaType is ${found} and must be "${TRUSTED_ROOT_MEDIA_TYPE}"`);
  }
  const root = fromJson(json);
  checkMembers(root);
  return root;
}
