import { type Command, type CommandContext, UsageError } from './command';
import { parseOptions } from './options';
import { SignedImageError } from '../error';
import { KEY_SOURCES, generateKey, loadKeySigner } from '../sign';

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

const VARIABLE = 'COSIGN_PASSWORD';

/**
 * The password for a new key: `COSIGN_PASSWORD` (which may be empty), else typed twice.
 *
 * @throws SignedImageError `INPUT_INVALID`
 */
async function newKeyPassword({ host, terminal }: CommandContext): Promise<string> {
  const declared = host.env[VARIABLE];
  if (declared !== undefined) return declared;
  if (!terminal.isInteractive) {
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      message: `no password for the new key: set ${VARIABLE} (empty for none), or run this in a terminal and type it`,
    });
  }
  const typed = await terminal.promptSecret('Password for the new private key: ');
  const again = await terminal.promptSecret('The same again: ');
  if (typed === again) return typed;
  throw new SignedImageError({
    code: 'INPUT_INVALID',
    message: 'the two passwords are not the same; nothing was made',
  });
}

const PUBLIC_KEY_OPTIONS = { key: { type: 'string' } } as const;

/** Asks for the password only of a key that needs one which nobody has told. */
async function publicPem(ref: string, { host, terminal }: CommandContext): Promise<string> {
  try {
    return (await loadKeySigner({ ref }, host)).publicKey.pem;
  } catch (error) {
    const asks = terminal.isInteractive && host.env['COSIGN_PASSWORD'] === undefined;
    const isLocked = error instanceof SignedImageError && error.code === 'KEY_PASSWORD_WRONG';
    if (!asks || !isLocked) throw error;
  }
  const password = await terminal.promptSecret('Password of the private key: ');
  return (await loadKeySigner({ ref, password }, host)).publicKey.pem;
}

/** `signed-image keys public`. */
export const keysPublic: Command = {
  words: ['keys', 'public'],
  summary: 'print the public half of a signing key',
  help: `Usage: signed-image keys public --key REF

Prints the public half of a signing key in PEM. REF is what key.ref takes: a path,
env://NAME, or a reference to Kubernetes, GitLab, a KMS or Vault.

The password of an encrypted key is COSIGN_PASSWORD, or is typed.`,
  async run(args, world) {
    const { values, positionals } = parseOptions(args, PUBLIC_KEY_OPTIONS);
    const [ref, ...more] = values.key === undefined ? positionals : [values.key, ...positionals];
    if (ref === undefined || more.length > 0) throw new UsageError('give one key: --key REF');
    world.terminal.print((await publicPem(ref, world)).trimEnd());
  },
};
