import * as pulumi from '@pulumi/pulumi';
import { SignedImage, VerifiedImage } from 'pulumi-signed-image';

const config = new pulumi.Config();

// Without `build`, because the image exists. Existing signatures, by any signer, are kept.
const image = new SignedImage('existing', {
  image: config.require('image'),
  key: { ref: config.require('key'), password: config.getSecret('keyPassword') },
});

// What a consumer of the image does: the digest is an output only if the signature of this key is valid.
const checked = new VerifiedImage('checked', {
  image: image.imageRef,
  keys: [config.require('publicKey')],
});

export const imageRef = image.imageRef;
export const digest = checked.digest;
