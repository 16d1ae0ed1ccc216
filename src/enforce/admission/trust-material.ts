import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';

import { HashAlgorithm, type TrustedRoot } from '@sigstore/protobuf-specs';

type Log = TrustedRoot['tlogs'][number];
type Authority = TrustedRoot['certificateAuthorities'][number];

/** A transparency log, in the form that policy engines use. */
export interface LogTrust {
  readonly url: string;
  readonly hashAlgorithm: string;
  /** `-----BEGIN PUBLIC KEY-----` */
  readonly pem: string;
  readonly isEcdsa: boolean;
}

/** An authority, in the form that policy engines use. */
export interface AuthorityTrust {
  readonly url: string;
  readonly organization: string;
  readonly commonName: string;
  /** PEM, the root last. */
  readonly chain: string;
}

/** The parts of a trusted root, for policy engines that do not use it as a whole. */
export interface TrustMaterialParts {
  readonly authorities: readonly AuthorityTrust[];
  readonly logs: readonly LogTrust[];
  readonly certificateLogs: readonly LogTrust[];
  readonly timestampAuthorities: readonly AuthorityTrust[];
}

const HASHES: Readonly<Partial<Record<HashAlgorithm, string>>> = {
  [HashAlgorithm.SHA2_384]: 'sha-384',
  [HashAlgorithm.SHA2_512]: 'sha-512',
};

/** RSA keys are PKCS#1 in a parsed trusted root, all others SPKI. */
function keyOf(der: Buffer): KeyObject {
  const read = (type: 'spki' | 'pkcs1') => createPublicKey({ key: der, format: 'der', type });
  try {
    return read('spki');
  } catch {
    return read('pkcs1');
  }
}

function logTrust({ baseUrl, hashAlgorithm, publicKey }: Log): LogTrust {
  const key = keyOf(publicKey?.rawBytes ?? Buffer.alloc(0));
  return {
    url: baseUrl,
    hashAlgorithm: HASHES[hashAlgorithm] ?? 'sha-256',
    pem: key.export({ format: 'pem', type: 'spki' }).toString(),
    isEcdsa: key.asymmetricKeyType === 'ec',
  };
}

function authorityTrust({ uri, subject, certChain }: Authority): AuthorityTrust {
  const certificates = (certChain?.certificates ?? []).map(
    ({ rawBytes }) => new X509Certificate(rawBytes),
  );
  const root = certificates.at(-1)?.subject ?? '';
  const named = (attribute: string): string =>
    new RegExp(`^${attribute}=(.+)$`, 'm').exec(root)?.[1] ?? '';
  return {
    url: uri,
    // Descriptive names only; policy-controller requires both.
    organization: subject?.organization || named('O') || 'unnamed',
    commonName: subject?.commonName || named('CN') || 'unnamed',
    chain: certificates.map((certificate) => certificate.toString()).join(''),
  };
}

/** Extracts the keys and certificates of a trusted root from `parseTrustedRoot`. */
export function trustMaterialParts(root: TrustedRoot): TrustMaterialParts {
  return {
    authorities: root.certificateAuthorities.map(authorityTrust),
    logs: root.tlogs.map(logTrust),
    certificateLogs: root.ctlogs.map(logTrust),
    timestampAuthorities: root.timestampAuthorities.map(authorityTrust),
  };
}
