import * as pulumi from '@pulumi/pulumi';
import { SignedImage, type SigstoreArgs, type Transparency } from 'pulumi-signed-image';

const config = new pulumi.Config();

// Without `build`, because the image exists. A tag is resolved once, and the digest is signed.
// Existing signatures, by any signer, are kept.
const image = new SignedImage('existing', {
  image: config.require('image'),
  keyless: { tokenFile: config.get('tokenFile') },
  sigstore: config.getObject<SigstoreArgs>('sigstore'),
  // Your own transparency log (`private`), or the public one.
  transparency: config.get<Transparency>('transparency'),
  source: { allowDirty: config.getBoolean('allowDirty') },
});

export const imageRef = image.imageRef;
export const digest = image.digest;
export const signer = image.signer;
export const logEntries = image.logEntries;
