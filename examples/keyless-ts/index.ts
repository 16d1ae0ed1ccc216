import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { SignedImage } from 'pulumi-signed-image';

const config = new pulumi.Config();

// The job's identity signs with a short-lived certificate from Fulcio, and Rekor logs the signature. No key is stored.
// Commit, branch, repository and runner are detected in the job and signed with the image.
const image = new SignedImage('hello', {
  image: config.require('image'),
  build: { context: './app' },
  keyless: { provider: 'github-actions' },
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
