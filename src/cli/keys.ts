import { type CommandContext, defineCommand } from './command';
import { UsageError } from './options';
import { SignedImageError } from '../error';
import { modules } from './modules';

/** `signed-image keys generate`. */
export const keysGenerate = defineCommand({
  words: ['keys', 'generate'],
  summary: 'generate a signing key in files, Kubernetes, GitLab or a KMS',
  about: `Generates a signing key (ECDSA P-256) that cosign can use too. Nothing is overwritten. Without a reference, writes an encrypted key pair to PREFIX.key and PREFIX.pub. With a reference, generates the key there and writes its public key to PREFIX.pub.

The password of a key in files, Kubernetes or GitLab is read from COSIGN_PASSWORD (which may be empty), or prompted for. A KMS requires no password: its key never leaves it.`,
  arguments: [{ name: 'REF', about: 'where the key is generated', optional: true }],
  options: {
    kms: { type: 'string', value: 'REF', about: 'same as REF, for compatibility with cosign' },
    'output-key-prefix': {
      type: 'string',
      value: 'PREFIX',
      default: 'cosign',
      isPath: true,
      about: 'prefix of the file names',
    },
  },
  sections: async () => {
    const { KEY_SOURCES } = modules.sign();
    const generating = KEY_SOURCES.filter(({ generate }) => generate !== undefined);
    return [{ title: 'References', lines: generating.map(({ example }) => example) }];
  },
  async run({ values, positionals }, context) {
    const refs = values.kms === undefined ? positionals : [values.kms, ...positionals];
    if (refs.length > 1) throw new UsageError('expected one reference: only one key is generated');
    const outputPrefix = values['output-key-prefix'];
    if (outputPrefix === '') throw new UsageError('--output-key-prefix must not be empty');
    const { generateKey } = modules.sign();
    const password = (): Promise<string> => newKeyPassword(context);
    const lines = await generateKey({ ref: refs[0], outputPrefix, password }, context.host);
    lines.forEach((line) => context.terminal.print(line));
  },
});

const VARIABLE = 'COSIGN_PASSWORD';

/**
 * Reads the password for a new key: `COSIGN_PASSWORD` (which may be empty), otherwise a prompt, twice.
 *
 * @throws SignedImageError `INPUT_INVALID`
 */
async function newKeyPassword({ host, terminal }: CommandContext): Promise<string> {
  const declared = host.env[VARIABLE];
  if (declared !== undefined) return declared;
  if (!terminal.isInteractive) {
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      message: `no password for the new key: set ${VARIABLE} (empty for no password), or run the command in a terminal to enter it`,
    });
  }
  const typed = await terminal.promptSecret('Password for the new private key: ');
  const again = await terminal.promptSecret('Repeat the password: ');
  if (typed === again) return typed;
  throw new SignedImageError({
    code: 'INPUT_INVALID',
    message: 'the passwords do not match; no key was generated',
  });
}

/** Uses a key, and prompts for its password only if the key is encrypted and no password is set. */
export async function withKeyPassword<Result>(
  { host, terminal }: CommandContext,
  use: (password?: string) => Promise<Result>,
): Promise<Result> {
  try {
    return await use();
  } catch (error) {
    const canPrompt = terminal.isInteractive && host.env[VARIABLE] === undefined;
    const isLocked = error instanceof SignedImageError && error.code === 'KEY_PASSWORD_WRONG';
    if (!canPrompt || !isLocked) throw error;
  }
  return use(await terminal.promptSecret('Password of the private key: '));
}

/** `signed-image keys public`. */
export const keysPublic = defineCommand({
  words: ['keys', 'public'],
  summary: 'print the public key of a signing key',
  about: `Prints the public key of a signing key in PEM. The password of an encrypted key is read from COSIGN_PASSWORD, or prompted for.`,
  arguments: [{ name: 'REF', about: 'same as --key', optional: true }],
  options: {
    key: {
      type: 'string',
      value: 'REF',
      isPath: true,
      about:
        'a reference as in key.ref: a path, env://NAME, or a reference to Kubernetes, GitLab, a KMS, Vault or a PKCS#11 token',
    },
  },
  async run({ values, positionals }, context) {
    const [ref, ...more] = values.key === undefined ? positionals : [values.key, ...positionals];
    if (ref === undefined || more.length > 0) throw new UsageError('expected one key: --key REF');
    const { publicKey } = await withKeyPassword(context, (password) =>
      modules.sign().loadKeySigner({ ref, password }, context.host),
    );
    context.terminal.print(publicKey.pem.trimEnd());
  },
});
