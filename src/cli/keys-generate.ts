import { generateKey, KEY_SOURCES } from '../sign';
import { type Command, UsageError } from './command';
import { newKeyPassword } from './key-password';
import { parseOptions } from './options';

const OPTIONS = {
  kms: { type: 'string' },
  'output-key-prefix': { type: 'string', default: 'cosign' },
} as const;

const PLACES = KEY_SOURCES.filter(({ generate }) => generate !== undefined).map(
  ({ example }) => `  ${example}`,
);

/** `signed-image keys generate`. */
export const keysGenerate: Command = {
  words: ['keys', 'generate'],
  summary: 'make a signing key in files, Kubernetes, GitLab, or a KMS',
  help: `Usage: signed-image keys generate [REF] [--output-key-prefix PREFIX]
       signed-image keys generate --kms REF [--output-key-prefix PREFIX]

Makes a signing key (ECDSA P-256) that cosign can use too, and overwrites nothing.
Without a reference, an encrypted pair of files: PREFIX.key and PREFIX.pub. With one,
the key is made there, and its public half is written to PREFIX.pub.

References:
${PLACES.join('\n')}

Options:
  --kms REF                   the same as REF, as with cosign
  --output-key-prefix PREFIX  how the names of the files begin (default: cosign)

The password of a key in files, Kubernetes or GitLab is COSIGN_PASSWORD (it may be
empty), or is typed twice. A KMS needs none: its key never leaves it.`,
  async run(args, world) {
    const { values, positionals } = parseOptions(args, OPTIONS);
    const refs = values.kms === undefined ? positionals : [values.kms, ...positionals];
    if (refs.length > 1) throw new UsageError('only one key is made at a time: give one reference');
    const outputPrefix = values['output-key-prefix'];
    if (outputPrefix === '') throw new UsageError('--output-key-prefix must not be empty');
    const password = (): Promise<string> => newKeyPassword(world);
    const said = await generateKey({ ref: refs[0], outputPrefix, password }, world.host);
    said.forEach((line) => world.terminal.print(line));
  },
};
