import type { TrustedRoot } from '@sigstore/protobuf-specs';
import { type TrustMaterial, toTrustMaterial } from '@sigstore/verify';

import { SignedImageError, messageOf } from '../error';
import { LeafCertificates, withMemoizedAuthorities } from './memoized-certificate';

export type AnchorMaterial = Omit<TrustMaterial, 'publicKey'>;

/** The parsed trust material of a trusted root, and the leaf certificates that were read with it. */
export interface TrustAnchors {
  readonly material: AnchorMaterial;
  readonly certificates: LeafCertificates;
}

const NO_TRUST: AnchorMaterial = {
  certificateAuthorities: [],
  timestampAuthorities: [],
  tlogs: [],
  ctlogs: [],
};

export function untrusted(reason: string, cause?: unknown): SignedImageError {
  return new SignedImageError({
    code: 'TRUSTED_ROOT_INVALID',
    message: `the trusted root is not sufficient: ${reason}`,
    property: 'sigstore.trustedRoot',
    cause,
  });
}

function materialOf(root: TrustedRoot): AnchorMaterial {
  try {
    return withMemoizedAuthorities(toTrustMaterial(root, {}));
  } catch (error) {
    throw untrusted(`it cannot be read (${messageOf(error)})`, error);
  }
}

function anchors(material: AnchorMaterial): TrustAnchors {
  return { material, certificates: new LeafCertificates() };
}

const known = new WeakMap<TrustedRoot, TrustAnchors>();

/**
 * Returns the anchors of a trusted root, cached per root: a run has one root and hundreds of images.
 *
 * @throws SignedImageError `TRUSTED_ROOT_INVALID`
 */
export function anchorsOf(root: TrustedRoot | undefined): TrustAnchors {
  if (root === undefined) return anchors(NO_TRUST);
  const cached = known.get(root);
  if (cached) return cached;
  const created = anchors(materialOf(root));
  known.set(root, created);
  return created;
}
