import { defineCommand } from './command';
import { IMAGE_ARGUMENT, imageArgs } from './image-options';
import { modules } from './modules';
import { declaredSigning, SIGNING_OPTIONS, withSigner } from './signing-options';
import { pair } from './verification-options';

/** `signed-image sign`. */
export const sign = defineCommand({
  words: ['sign'],
  summary: 'sign an image in a registry',
  about:
    'Signs an image by its digest, and every platform manifest of an index, and prints `host/repo@sha256:...`. A signature that this signer has stored with the same annotations is not created again. cosign verifies it.\n\nThe password of an encrypted key is read from COSIGN_PASSWORD, or prompted for.',
  arguments: [IMAGE_ARGUMENT],
  options: {
    annotation: {
      type: 'string',
      value: 'NAME=VALUE',
      short: 'a',
      multiple: true,
      about: 'annotation that is signed with the digest',
    },
    'signed-identity': {
      type: 'string',
      value: 'REF',
      absent: 'HOST/REPO of the image, as with cosign',
      about:
        'reference that the image claims in the format legacy: with a tag, podman, skopeo and CRI-O accept it by default',
    },
    ...SIGNING_OPTIONS,
  },
  sections: async () => [
    {
      title: 'Examples',
      lines: [
        'signed-image sign registry.example.com/app:1.0 --key cosign.key -a stage=prod',
        'signed-image sign registry.example.com/app@sha256:... --keyless',
      ],
    },
  ],
  async run({ values, positionals: [image] }, context) {
    const { terminal } = context;
    const args = {
      ...imageArgs(image, values),
      ...declaredSigning(values),
      annotations: Object.fromEntries(
        (values.annotation ?? []).map((each) => pair('annotation', each)),
      ),
      signedIdentity: values['signed-identity'],
    };
    const result = await withSigner(args, context, modules.core().signImage);
    if (values.output === 'json') {
      terminal.print(JSON.stringify(result, null, 2));
      return;
    }
    terminal.print(result.reference);
  },
});
