import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { SignedImage, type SigstoreArgs } from 'pulumi-signed-image';

const config = new pulumi.Config();

const image = new SignedImage('hello', {
  image: config.require('image'),
  build: { context: './app' },
  key: { ref: config.require('key'), password: config.getSecret('keyPassword') },
  // Only for your own Sigstore instance; without it the key signs without a transparency log.
  sigstore: config.getObject<SigstoreArgs>('sigstore'),
  source: { allowDirty: config.getBoolean('allowDirty') },
});

// Without a cluster, the provider writes the manifests to a folder.
const folder = config.get('renderYamlToDirectory');
const provider = folder
  ? new kubernetes.Provider('yaml', { renderYamlToDirectory: folder })
  : undefined;

const labels = { app: 'hello' };
new kubernetes.apps.v1.Deployment(
  'hello',
  {
    metadata: { name: 'hello', labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        // The only image reference: it is available only after a successful verification.
        spec: { containers: [{ name: 'hello', image: image.imageRef }] },
      },
    },
  },
  { provider },
);

export const imageRef = image.imageRef;
export const digest = image.digest;
export const signer = image.signer;
export const annotations = image.annotations;
export const logEntries = image.logEntries;
