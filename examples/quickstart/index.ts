import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { SignedImage, type SigstoreArgs } from 'pulumi-signed-image';

const config = new pulumi.Config();

const image = new SignedImage('hello', {
  image: config.require('image'),
  build: { context: './app' },
  key: { ref: config.require('key'), password: config.getSecret('keyPassword') },
  // Only for a Sigstore of one's own; without it a key signs without a transparency log.
  sigstore: config.getObject<SigstoreArgs>('sigstore'),
  source: { allowDirty: config.getBoolean('allowDirty') },
});

// Where no cluster is at hand, the provider writes the manifests to a folder.
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
        // The only reference there is: it exists because the verification passed.
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
