import type { CopyImageResult } from '../core';
import { defineCommand } from './command';
import { IMAGE_ARGUMENT, IMAGE_OPTIONS, imageArgs } from './image-options';
import { modules } from './modules';
import type { Options } from './options';
import { declaresPolicy, POLICY_OPTIONS, policyFileOf, policyOf } from './verification-options';

const { output: format, ...REGISTRY_OPTIONS } = IMAGE_OPTIONS;
const DESTINATION =
  'Registry of the destination (default: as that of the source, if it is the same host)';

const DESTINATION_OPTIONS = {
  'destination-ca': {
    type: 'string',
    value: 'FILE',
    isPath: true,
    group: DESTINATION,
    about: 'certificates to trust in addition to those of the system',
  },
  'destination-client-certificate': {
    type: 'string',
    value: 'FILE',
    isPath: true,
    group: DESTINATION,
    about: 'client certificate (PEM)',
  },
  'destination-client-key': {
    type: 'string',
    value: 'FILE',
    isPath: true,
    group: DESTINATION,
    about: 'private key of the client certificate (PEM)',
  },
  'destination-insecure': {
    type: 'boolean',
    group: DESTINATION,
    about: 'use plain http; loopback hosts use it anyway',
  },
} as const satisfies Options;

/** `signed-image copy`. */
export const copy = defineCommand({
  words: ['copy'],
  summary: 'copy an image with its signatures and attestations to another repository',
  about:
    'Copies an image, of an index all platforms, with everything that refers to it: signatures and attestations in both formats, SBOMs and other artifacts. Digests do not change, and are verified. With a key, an identity or a policy the image is verified first, as `verify` does; without, the output states that it was not verified. What the destination has is not copied again, so that a failed run can be repeated, and the tag is written last.\n\nCredentials are those of docker for each registry. The tag of SOURCE is used if DESTINATION has none.',
  arguments: [
    { name: 'SOURCE', about: IMAGE_ARGUMENT.about },
    { name: 'DESTINATION', about: 'host/repo[:tag]' },
  ],
  options: { output: format, ...POLICY_OPTIONS, ...REGISTRY_OPTIONS, ...DESTINATION_OPTIONS },
  sections: async () => [
    {
      title: 'Examples',
      lines: [
        'signed-image copy registry.example.com/app:1.0 mirror.example.com/team/app',
        'signed-image copy registry.example.com/app:1.0 mirror.example.com/app:1.0 --key cosign.pub',
      ],
    },
  ],
  async run({ values, positionals: [image, destination] }, { terminal, host, ...context }) {
    // An empty policy is an error, and not a copy without verification.
    const policy = declaresPolicy(values)
      ? policyOf(values, await policyFileOf(values, { terminal, host, ...context }))
      : {};
    const access = {
      caFile: values['destination-ca'],
      clientCertificate: values['destination-client-certificate'],
      clientKey: values['destination-client-key'],
      insecure: values['destination-insecure'],
    };
    const isDeclared = Object.values(access).some((each) => each !== undefined);
    const args = {
      ...policy,
      ...imageArgs(image, values),
      destination: destination ?? '',
      ...(isDeclared && { destinationRegistry: access }),
    };
    const result = await modules.core().copyImage(args, {
      host,
      ...(terminal.writeProgress && { progress: (line) => terminal.printError(line) }),
    });
    if (values.output === 'json') terminal.print(JSON.stringify(result, null, 2));
    else {
      terminal.print(result.reference);
      terminal.printError(summaryOf(result));
    }
  },
});

function summaryOf(result: CopyImageResult): string {
  const { manifests, blobs, bytes, referrers, legacyTags, verified, tag } = result;
  return [
    verified
      ? 'verified before it was copied'
      : 'not verified: no key, identity or policy was given',
    `manifests: ${manifests.copied} copied, ${manifests.existing} existing`,
    `blobs: ${blobs.copied} copied (${bytes} bytes), ${blobs.mounted} mounted, ${blobs.existing} existing`,
    `referrers: ${referrers.length}, legacy tags: ${legacyTags.length}`,
    ...(tag === undefined ? [] : [`tag: ${tag}`]),
  ].join('\n');
}
