import * as pulumi from '@pulumi/pulumi';
import { SignedImage, type SigstoreArgs } from 'pulumi-signed-image';

const config = new pulumi.Config();

// No `build`: the image exists. A tag is resolved once; the digest is what gets signed. The
// signatures that it has already, of whomever, stay where they are.
const image = new SignedImage('existing', {
  image: config.require('image'),
  keyless: { tokenFile: config.get('tokenFile') },
  sigstore: config.getObject<SigstoreArgs>('sigstore'),
  // In a log of one's own (`private`), or in the public one.
  transparency: config.get('transparency'),
  source: { allowDirty: config.getBoolean('allowDirty') },
});

export const imageRef = image.imageRef;
export const digest = image.digest;
export const signer = image.signer;
export const logEntries = image.logEntries;
