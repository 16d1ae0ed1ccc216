import * as dockerBuild from '@pulumi/docker-build';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { SignedImage } from 'pulumi-signed-image';

const config = new pulumi.Config();
const repository = config.require('repository');

// Your own image resource. Any other type works the same way, because only its digest is used.
// (`build: { builder: 'pulumi-docker-build' }` creates such a resource for you, with provenance.)
const built = new dockerBuild.Image(
  'hello',
  {
    context: { location: './app' },
    push: true,
    tags: [`${repository}:latest`],
  },
  // The provider would delete the image with the resource, although a cluster may still run it.
  { retainOnDelete: true },
);

const image = new SignedImage('hello', {
  image: pulumi.interpolate`${repository}@${built.digest}`,
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
