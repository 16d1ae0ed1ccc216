import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { SignedImage } from 'pulumi-signed-image';

const config = new pulumi.Config();

// `pulumi-docker` creates a child resource docker.Image; its repoDigest is signed.
const image = new SignedImage('hello', {
  image: config.require('image'),
  build: { context: './app', builder: 'pulumi-docker' },
  key: { ref: config.require('key'), password: config.getSecret('keyPassword') },
});

const labels = { app: 'hello' };
new kubernetes.apps.v1.Deployment('hello', {
  metadata: { labels },
  spec: {
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: { containers: [{ name: 'hello', image: image.imageRef }] },
    },
  },
});

export const imageRef = image.imageRef;
