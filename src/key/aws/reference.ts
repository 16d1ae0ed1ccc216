import { SignedImageError } from '../../error';

/** A key in AWS KMS, as cosign refers to it. */
export interface AwsKeyReference {
  /** The complete reference; it contains no secret. */
  readonly ref: string;
  /** `host[:port]`, used with https instead of the region's endpoint. */
  readonly endpoint: string | undefined;
  /** Key id, alias name or ARN: the `KeyId` of KMS requests. */
  readonly keyId: string;
  /** `alias/NAME`, if the reference contains an alias. */
  readonly alias: string | undefined;
  /** The region in the ARN. */
  readonly region: string | undefined;
}

export const AWS_PREFIX = 'awskms://';
export const AWS_EXAMPLE = 'awskms:///alias/NAME';

/** https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-id */
const KEY_ID = '(?:mrk-)?[A-Fa-f0-9]{8}-?(?:[A-Fa-f0-9]{4}-?){3}[A-Fa-f0-9]{12}';
const ALIAS = 'alias/[A-Za-z0-9/_-]{1,250}';
const ARN = 'arn:aws[a-z-]*:kms:([a-z0-9-]+):\\d{12}:';
/** A host with an optional port, without user information, which would be a secret in a reference. */
const ENDPOINT = '(?:[A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])(?::\\d{1,5})?';
const REFERENCE = new RegExp(
  `^${AWS_PREFIX}(${ENDPOINT})?/(?:(?:${ARN})?(${ALIAS})|${KEY_ID}|${ARN}key/${KEY_ID})$`,
);

/** @throws SignedImageError `KEY_REFERENCE_INVALID` */
export function parseAwsReference(ref: string): AwsKeyReference {
  const match = REFERENCE.exec(ref);
  if (match === null) {
    throw new SignedImageError({
      code: 'KEY_REFERENCE_INVALID',
      message:
        'awskms:// needs a key id, an alias or an ARN after an optional endpoint: awskms:///KEY-ID, awskms:///alias/NAME, ' +
        'awskms:///arn:aws:kms:REGION:ACCOUNT:key/KEY-ID or awskms://HOST[:PORT]/... (three slashes without an endpoint)',
    });
  }
  const [, endpoint, aliasRegion, alias, keyRegion] = match;
  const keyId = ref.slice(AWS_PREFIX.length + (endpoint?.length ?? 0) + 1);
  return { ref, endpoint, keyId, alias, region: aliasRegion ?? keyRegion };
}
