import type { KeyObject } from 'node:crypto';
import { createHash } from 'node:crypto';

export interface TrustParts {
  readonly fulcioUrl: string;
  readonly fulcioChain: readonly Buffer[];
  readonly ctLogPublicKey: KeyObject;
  readonly rekorUrl: string;
  readonly rekorPublicKey: KeyObject;
  readonly rekorV2Url: string;
  readonly rekorV2PublicKey: KeyObject;
  readonly rekorV2LogId: Buffer;
  readonly tsaUrl: string;
  readonly tsaChain: readonly Buffer[];
  readonly issuerUrl: string;
  /** Start of the validity period. */
  readonly validFrom: Date;
}

export interface TrustedRootJson {
  readonly mediaType: string;
  readonly tlogs: readonly TransparencyLogInstanceJson[];
  readonly certificateAuthorities: readonly CertificateAuthorityJson[];
  readonly ctlogs: readonly TransparencyLogInstanceJson[];
  readonly timestampAuthorities: readonly CertificateAuthorityJson[];
}

export interface TransparencyLogInstanceJson {
  readonly baseUrl: string;
  readonly hashAlgorithm: string;
  readonly publicKey: {
    readonly rawBytes: string;
    readonly keyDetails: string;
    readonly validFor: { readonly start: string };
  };
  readonly logId: { readonly keyId: string };
}

export interface CertificateAuthorityJson {
  readonly subject: { readonly organization: string; readonly commonName: string };
  readonly uri: string;
  readonly certChain: { readonly certificates: readonly { readonly rawBytes: string }[] };
  readonly validFor: { readonly start: string };
}

/** https://github.com/sigstore/protobuf-specs/blob/v0.5.2/protos/sigstore_trustroot.proto */
export function trustedRootOf(parts: TrustParts): TrustedRootJson {
  const start = parts.validFrom.toISOString();
  const log = (baseUrl: string, key: KeyObject): TransparencyLogInstanceJson => {
    const spki = key.export({ type: 'spki', format: 'der' });
    return {
      baseUrl,
      hashAlgorithm: 'SHA2_256',
      publicKey: {
        rawBytes: spki.toString('base64'),
        keyDetails: 'PKIX_ECDSA_P256_SHA_256',
        validFor: { start },
      },
      logId: { keyId: createHash('sha256').update(spki).digest('base64') },
    };
  };
  const logV2: TransparencyLogInstanceJson = {
    baseUrl: parts.rekorV2Url,
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: parts.rekorV2PublicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
      keyDetails: 'PKIX_ED25519',
      validFor: { start },
    },
    logId: { keyId: parts.rekorV2LogId.toString('base64') },
  };
  const authority = (uri: string, commonName: string, chain: readonly Buffer[]) => ({
    subject: { organization: 'local sigstore', commonName },
    uri,
    certChain: { certificates: chain.map((der) => ({ rawBytes: der.toString('base64') })) },
    validFor: { start },
  });
  return {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [log(parts.rekorUrl, parts.rekorPublicKey), logV2],
    certificateAuthorities: [authority(parts.fulcioUrl, 'fulcio', parts.fulcioChain)],
    ctlogs: [log(`${parts.fulcioUrl}/ct`, parts.ctLogPublicKey)],
    timestampAuthorities: [authority(parts.tsaUrl, 'tsa', parts.tsaChain)],
  };
}

/** The services in a signing config. */
export interface Witnesses {
  /** The major version of the log; `false` for none. */
  readonly rekor: 1 | 2 | false;
  readonly tsa: boolean;
}

/** `SigningConfig` v0.2 of the same file: the services that `cosign sign --signing-config` uses. */
export function signingConfigOf(parts: TrustParts, { rekor, tsa }: Witnesses) {
  const validFor = { start: parts.validFrom.toISOString() };
  const service = (url: string, majorApiVersion = 1) => ({
    url,
    majorApiVersion,
    validFor,
    operator: 'local sigstore',
  });
  const log = rekor === 2 ? service(parts.rekorV2Url, 2) : service(parts.rekorUrl);
  return {
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
    caUrls: [service(parts.fulcioUrl)],
    oidcUrls: [service(parts.issuerUrl)],
    rekorTlogUrls: rekor === false ? [] : [log],
    tsaUrls: tsa ? [service(parts.tsaUrl)] : [],
    // Both are required even if unused: without them cosign panics.
    rekorTlogConfig: { selector: 'ANY' },
    tsaConfig: { selector: 'ANY' },
  };
}

export type SigningConfigJson = ReturnType<typeof signingConfigOf>;
