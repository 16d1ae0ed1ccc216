import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { VerifiedImage, type SigstoreArgs, type RequiredTransparency } from 'pulumi-signed-image';

const config = new pulumi.Config();

const image = new VerifiedImage('checked', {
  image: config.require('image'),
  keys: [config.require('publicKey')],
  sigstore: config.getObject<SigstoreArgs>('sigstore'),
  transparency: config.get<RequiredTransparency>('transparency'),
});

const folder = config.get('renderYamlToDirectory');
const provider = folder
  ? new kubernetes.Provider('yaml', { renderYamlToDirectory: folder })
  : undefined;

const labels = { app: 'checked' };
new kubernetes.apps.v1.Deployment(
  'checked',
  {
    metadata: { name: 'checked', labels },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'checked', image: image.imageRef }] },
      },
    },
  },
  { provider },
);

export const imageRef = image.imageRef;
export const digest = image.digest;
