import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import {
  AdmissionPolicy,
  requireVerifiedImages,
  verifiedPodSpec,
  VerifiedImage,
} from 'pulumi-signed-image';

// Must be the first statement: resources that were registered before are not checked.
requireVerifiedImages({
  exempt: [
    { image: 'registry.k8s.io/pause:*', reason: 'comes with the cluster, pinned by its version' },
  ],
});

const config = new pulumi.Config();
const folder = config.get('renderYamlToDirectory');
const provider = folder
  ? new kubernetes.Provider('yaml', { renderYamlToDirectory: folder })
  : undefined;

const image = new VerifiedImage('checked', {
  image: config.require('image'),
  keys: [config.require('publicKey')],
});

// The API server itself admits only the verified digests in this namespace, without a webhook.
const admission = new AdmissionPolicy(
  'only-verified',
  { images: [image.imageRef], namespaces: ['checked'] },
  { providers: provider ? [provider] : [] },
);

const labels = { app: 'checked' };
new kubernetes.apps.v1.Deployment(
  'checked',
  {
    metadata: { name: 'checked', namespace: 'checked', labels },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        // A string in place of `image` does not compile.
        spec: verifiedPodSpec<
          kubernetes.types.input.core.v1.Container,
          Omit<kubernetes.types.input.core.v1.PodSpec, 'containers'>
        >(image, { name: 'checked' }),
      },
    },
  },
  { provider, dependsOn: admission },
);

export const imageRef = image.imageRef;
