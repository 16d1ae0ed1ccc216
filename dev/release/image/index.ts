import * as pulumi from '@pulumi/pulumi';
import { SignedImage } from 'pulumi-signed-image';

const config = new pulumi.Config();

// The identity is that of the job: it needs `permissions: id-token: write`.
const release = new SignedImage('release', {
  image: config.require('image'),
  build: { context: config.require('files'), dockerfile: 'Dockerfile' },
  keyless: {},
});

export const imageRef = release.imageRef;
