/** What our signers make and our verifier takes: see docs, "Which keys" (cosign verifies both by default). */
export type KeyAlgorithm = 'ecdsa-p256-sha256' | 'rsa-pkcs1v15-sha256';

/** The public half of a signing key. */
export interface PublicKey {
  /** `-----BEGIN PUBLIC KEY-----`, as `cosign public-key` prints it. */
  readonly pem: string;
  /** DER of the SubjectPublicKeyInfo. */
  readonly spki: Buffer;
  /** Lower-case hex of sha256(spki). */
  readonly keyId: string;
  readonly algorithm: KeyAlgorithm;
}
