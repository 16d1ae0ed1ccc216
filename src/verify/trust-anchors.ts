import type { TrustedRoot } from '@sigstore/protobuf-specs';
import { type TrustMaterial, toTrustMaterial } from '@sigstore/verify';

import { SignedImageError, messageOf } from '../error';
import { CertificateTrust } from './certificate-trust';

export type AnchorMaterial = Omit<TrustMaterial, 'publicKey'>;

/** What a trusted root says, parsed, and the certificates that were found good by it. */
export interface TrustAnchors {
  readonly material: AnchorMaterial;
  readonly certificates: CertificateTrust;
}

const NO_TRUST: AnchorMaterial = {
  certificateAuthorities: [],
  timestampAuthorities: [],
  tlogs: [],
  ctlogs: [],
};

export function untrusted(why: string, cause?: unknown): SignedImageError {
  return new SignedImageError({
    code: 'TRUSTED_ROOT_INVALID',
    message: `the trusted root does not do: ${why}`,
    property: 'sigstore.trustedRoot',
    cause,
  });
}

function materialOf(root: TrustedRoot): AnchorMaterial {
  try {
    return toTrustMaterial(root, {});
  } catch (error) {
    throw untrusted(`it cannot be read (${messageOf(error)})`, error);
  }
}

function anchors(material: AnchorMaterial): TrustAnchors {
  return { material, certificates: new CertificateTrust(material) };
}

const known = new WeakMap<TrustedRoot, TrustAnchors>();

/**
 * The anchors of a trusted root, made once of each: a run has one root and hundreds of images.
 *
 * @throws SignedImageError `TRUSTED_ROOT_INVALID`
 */
export function anchorsOf(root: TrustedRoot | undefined): TrustAnchors {
  if (root === undefined) return anchors(NO_TRUST);
  const made = known.get(root);
  if (made) return made;
  const fresh = anchors(materialOf(root));
  known.set(root, fresh);
  return fresh;
}
