import { defineCommand } from './command';
import { IMAGE_ARGUMENT, IMAGE_OPTIONS, imageArgs } from './image-options';
import { modules } from './modules';
import { UsageError } from './options';
import { POLICY_OPTIONS, policyFileOf, policyOf } from './verification-options';

const { output: format, ...REGISTRY_OPTIONS } = IMAGE_OPTIONS;

/** `signed-image export`. */
export const exportCommand = defineCommand({
  words: ['export'],
  summary: 'write what proves an image to a folder, for verification without a network',
  about:
    'Verifies an image as `verify` does, and writes to a folder what is needed to verify it without a network: manifests, bundles, certificates, public keys, the trusted root, the provenance, and a README.md with the commands of this program, cosign, sigstore-python and sigstore-go. The folder is written as a whole or not at all.',
  arguments: [IMAGE_ARGUMENT],
  options: {
    folder: {
      type: 'string',
      value: 'FOLDER',
      isPath: true,
      about: 'folder to write (required); must be empty or not exist',
    },
    image: {
      type: 'boolean',
      about: 'include the layers, so that the folder contains the whole image as an OCI layout',
    },
    force: { type: 'boolean', about: 'replace an earlier export' },
    output: format,
    ...POLICY_OPTIONS,
    ...REGISTRY_OPTIONS,
  },
  sections: async () => [
    {
      title: 'Examples',
      lines: [
        'signed-image export registry.example.com/app:1.0 --folder proof --key cosign.pub',
        'signed-image export registry.example.com/app@sha256:... --folder proof --image \\',
        '  --identity dev@example.com --issuer https://accounts.example.com',
        'signed-image verify --offline proof --key cosign.pub',
      ],
    },
  ],
  async run({ values, positionals: [image] }, context) {
    const { folder: output, image: withLayers, force } = values;
    if (output === undefined || output === '') throw new UsageError('--folder is required');
    const policy = policyOf(values, await policyFileOf(values, context));
    const { exportImage, exportText } = modules.export();
    const args = { ...policy, ...imageArgs(image, values), output, withLayers, force };
    const result = await exportImage(args, { host: context.host });
    context.terminal.print(
      values.output === 'json' ? JSON.stringify(result, null, 2) : exportText(result),
    );
  },
});
