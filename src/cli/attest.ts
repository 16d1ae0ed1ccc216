import { defineCommand } from './command';
import { IMAGE_ARGUMENT, imageArgs } from './image-options';
import { modules } from './modules';
import { UsageError } from './options';
import { declaredSigning, SIGNING_OPTIONS, withSigner } from './signing-options';
import { TYPE_NAMES, textOf } from './verification-options';

/** `signed-image attest`. */
export const attest = defineCommand({
  words: ['attest'],
  summary: 'attest something about an image: an SBOM, a scan, provenance, VEX',
  about:
    'Signs an in-toto statement with a predicate about the digest of an image (of an index: the index), stores it in the registry, verifies what the registry then returns, and prints `host/repo@sha256:...`. An attestation that this signer has stored with the same type and predicate is not created again. `cosign verify-attestation` and `signed-image verify --type` verify it.\n\nThe predicate must be JSON of the shape that its type requires. `spdx` takes an SPDX document in any format as text, and `custom` any text. The password of an encrypted key is read from COSIGN_PASSWORD, or prompted for.',
  arguments: [IMAGE_ARGUMENT],
  options: {
    type: {
      type: 'string',
      value: 'TYPE',
      about: `predicate type, required: ${TYPE_NAMES}, or a URI`,
    },
    predicate: {
      type: 'string',
      value: 'FILE',
      isPath: true,
      about: 'file with the predicate, required; "-" for standard input',
    },
    ...SIGNING_OPTIONS,
  },
  sections: async () => [
    {
      title: 'Examples',
      lines: [
        'signed-image attest registry.example.com/app:1.0 --type spdxjson --predicate sbom.spdx.json \\',
        '  --key cosign.key',
        'signed-image attest registry.example.com/app@sha256:... --type https://example.com/review/v1 \\',
        '  --predicate review.json --keyless',
      ],
    },
  ],
  async run({ values, positionals: [image] }, context) {
    const { type, predicate: file } = values;
    const missing = Object.entries({ '--type': type, '--predicate': file }).filter(
      ([, value]) => value === undefined,
    );
    if (type === undefined || file === undefined)
      throw new UsageError(
        `${missing.map(([name]) => name).join(' and ')} ${missing.length > 1 ? 'are' : 'is'} required`,
      );
    const signing = declaredSigning(values);
    const predicate = await textOf('predicate', file, context);
    const args = { ...imageArgs(image, values), ...signing, predicateType: type, predicate };
    const result = await withSigner(args, context, modules.core().attestImage);
    const { terminal } = context;
    terminal.print(values.output === 'json' ? JSON.stringify(result, null, 2) : result.reference);
  },
});
