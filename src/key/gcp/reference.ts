import { SignedImageError } from '../../error';

/** A key in Google Cloud KMS, as cosign refers to it. */
export interface GcpKeyReference {
  /** The complete reference; it contains no secret. */
  readonly ref: string;
  /** `projects/P/locations/L` */
  readonly location: string;
  readonly keyRing: string;
  readonly key: string;
  /** The number of a version. Default: the newest enabled version. */
  readonly version: string | undefined;
}

export const GCP_PREFIX = 'gcpkms://';
export const GCP_EXAMPLE =
  'gcpkms://projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY';

/** Domain-scoped projects have a colon: `example.com:project`. */
const REFERENCE =
  /^gcpkms:\/\/(projects\/[\w.:-]+\/locations\/[\w-]+)\/keyRings\/([\w-]+)\/cryptoKeys\/([\w-]+)(?:\/(?:cryptoKeyVersions|versions)\/(\d+))?$/;

/** @throws SignedImageError `KEY_REFERENCE_INVALID` */
export function parseGcpReference(ref: string): GcpKeyReference {
  const [, location, keyRing, key, version] = REFERENCE.exec(ref) ?? [];
  if (location === undefined || keyRing === undefined || key === undefined) {
    throw new SignedImageError({
      code: 'KEY_REFERENCE_INVALID',
      message: `gcpkms:// needs the full name of a key, as in ${GCP_EXAMPLE}, with /cryptoKeyVersions/NUMBER for one version`,
    });
  }
  return { ref, location, keyRing, key, version };
}

/** `projects/P/locations/L/keyRings/R` */
export function keyRingName({ location, keyRing }: GcpKeyReference): string {
  return `${location}/keyRings/${keyRing}`;
}

/** `projects/P/locations/L/keyRings/R/cryptoKeys/K` */
export function keyName(reference: GcpKeyReference): string {
  return `${keyRingName(reference)}/cryptoKeys/${reference.key}`;
}

/** `projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/V` */
export function versionName(reference: GcpKeyReference, version: string): string {
  return `${keyName(reference)}/cryptoKeyVersions/${version}`;
}
