import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { SignedImage } from 'pulumi-signed-image';

const config = new pulumi.Config();

// The job's identity signs: Fulcio certifies it for minutes, Rekor logs it, no key is kept.
// Commit, branch, repository and the pipeline are read from the job and signed with the image.
const image = new SignedImage('hello', {
  image: config.require('image'),
  build: { context: './app' },
  keyless: { provider: 'gitlab-ci' },
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
export const signer = image.signer;
