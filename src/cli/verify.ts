import type { InspectImageResult } from '../core';
import { defineCommand } from './command';
import { EXIT } from './exit-codes';
import { IMAGE_ARGUMENT, IMAGE_OPTIONS, imageArgs } from './image-options';
import { modules } from './modules';
import { UsageError } from './options';
import { POLICY_OPTIONS, policyFileOf, policyOf, TYPE_NAMES } from './verification-options';

/** `signed-image verify`. */
export const verify = defineCommand({
  words: ['verify'],
  summary: 'verify the signatures, the provenance or an attestation of an image',
  about:
    'Verifies what the registry holds for an image, and for every platform manifest of an index, with the requirements of `VerifiedImage`. Prints `host/repo@sha256:...` if all are met, and else what is not met.',
  arguments: [{ ...IMAGE_ARGUMENT, about: `${IMAGE_ARGUMENT.about}; with --offline, a folder` }],
  options: {
    offline: {
      type: 'boolean',
      about: 'verify a folder of `signed-image export` instead of an image, without a network',
    },
    digest: {
      type: 'string',
      value: 'DIGEST',
      about: 'with --offline: the digest that the export must be about',
    },
    type: {
      type: 'string',
      value: 'TYPE',
      about: `verify an attestation of this predicate type in place of the signature, as \`cosign verify-attestation --type\`: ${TYPE_NAMES}, or a URI`,
    },
    ...POLICY_OPTIONS,
    ...IMAGE_OPTIONS,
  },
  sections: async () => [
    {
      title: 'Exit codes',
      lines: [
        '0  verified',
        '1  a requirement is not met, or the registry could not be read',
        '2  the command line cannot be used',
        '3  something that is required could not be read: not known whether it is verified',
      ],
    },
    {
      title: 'Examples',
      lines: [
        'signed-image verify registry.example.com/app:1.0 --key cosign.pub',
        'signed-image verify registry.example.com/app@sha256:... --identity dev@example.com \\',
        '  --issuer https://accounts.example.com --annotation commit=0a1b... -o json',
        'signed-image verify registry.example.com/app:1.0 --type spdxjson --key cosign.pub',
        'signed-image verify --offline FOLDER --digest sha256:... --key cosign.pub',
      ],
    },
  ],
  async run({ values, positionals: [image] }, context) {
    const { terminal, host } = context;
    const { offline, digest, type } = values;
    if (type !== undefined && offline === true)
      throw new UsageError(
        '--type cannot be combined with --offline: an export has no attestations of other types than provenance',
      );
    const declared = policyOf(values, await policyFileOf(values, context));
    const policy = { ...declared, ...(type !== undefined && { predicateType: type }) };
    if (offline !== true && digest !== undefined)
      throw new UsageError('--digest requires --offline; otherwise it is part of IMAGE');
    const result =
      offline === true
        ? await modules.export().inspectExport({ ...policy, folder: image ?? '', digest }, { host })
        : await modules
            .core()
            .inspectSignatures({ ...policy, ...imageArgs(image, values) }, { host });
    if (values.output === 'json') terminal.print(JSON.stringify(verificationJson(result), null, 2));
    else if (result.verified) terminal.print(result.reference);
    else {
      terminal.printError(`${result.reference} is not verified:`);
      result.unmet.forEach((line) => terminal.printError(`  ${line}`));
    }
    if (result.verified) return EXIT.done;
    const { manifests, requirements = [] } = result.report;
    const checked = [...manifests.flatMap(({ parts }) => parts), ...requirements];
    const isUnknown = checked.some(({ status }) => status === 'unavailable');
    return isUnknown ? EXIT.incomplete : EXIT.failed;
  },
});

/** The members of `verify -o json`, as docs/reference/output/verify.schema.json describes them. */
function verificationJson({ verified, reference, report, unmet }: InspectImageResult): object {
  const { digest, signer, annotations, provenance, attestation, manifests, requirements } = report;
  return {
    verified,
    reference,
    digest,
    ...(signer && { signer }),
    annotations,
    ...(provenance !== undefined && { provenance }),
    ...(attestation !== undefined && { attestation }),
    manifests,
    ...(requirements && { requirements }),
    unmet,
  };
}
