import type { ImageArgs } from '../core';
import type { Options, OptionValues } from './options';

const REGISTRY = 'Registry (credentials are those of docker: `docker login`, credential helpers)';

/** The options of commands that read or write an image. */
export const IMAGE_OPTIONS = {
  'registry-ca': {
    type: 'string',
    value: 'FILE',
    isPath: true,
    group: REGISTRY,
    about: 'certificates to trust in addition to those of the system',
  },
  'registry-client-certificate': {
    type: 'string',
    value: 'FILE',
    isPath: true,
    group: REGISTRY,
    about: 'client certificate (PEM)',
  },
  'registry-client-key': {
    type: 'string',
    value: 'FILE',
    isPath: true,
    group: REGISTRY,
    about: 'private key of the client certificate (PEM)',
  },
  'registry-insecure': {
    type: 'boolean',
    group: REGISTRY,
    about: 'use plain http; loopback hosts use it anyway',
  },
  output: {
    type: 'string',
    value: 'FORMAT',
    short: 'o',
    default: 'text',
    choices: ['text', 'json'],
    about: 'format of the result',
  },
} as const satisfies Options;

/** The argument of these commands. */
export const IMAGE_ARGUMENT = {
  name: 'IMAGE',
  about: 'host/repo[:tag] or host/repo@sha256:...; a tag (default: latest) is resolved once',
} as const;

/** Returns the image and the access to its registry. */
export function imageArgs(
  image: string | undefined,
  values: OptionValues<typeof IMAGE_OPTIONS>,
): ImageArgs {
  return {
    image: image ?? '',
    registry: {
      caFile: values['registry-ca'],
      clientCertificate: values['registry-client-certificate'],
      clientKey: values['registry-client-key'],
      insecure: values['registry-insecure'],
    },
  };
}
