import { SignedImageError } from '../error';
import { loadKeySigner } from '../sign';
import { type Command, type CommandWorld, UsageError } from './command';
import { parseOptions } from './options';

const OPTIONS = { key: { type: 'string' } } as const;

/** Asks for the password only of a key that needs one which nobody has told. */
async function publicPem(ref: string, { host, terminal }: CommandWorld): Promise<string> {
  try {
    return (await loadKeySigner({ ref }, host)).publicKey.pem;
  } catch (error) {
    const asks = terminal.isInteractive && host.env['COSIGN_PASSWORD'] === undefined;
    const isLocked = error instanceof SignedImageError && error.code === 'KEY_PASSWORD_WRONG';
    if (!asks || !isLocked) throw error;
  }
  const password = await terminal.askSecret('Password of the private key: ');
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
    const { values, positionals } = parseOptions(args, OPTIONS);
    const [ref, ...more] = values.key === undefined ? positionals : [values.key, ...positionals];
    if (ref === undefined || more.length > 0) throw new UsageError('give one key: --key REF');
    world.terminal.print((await publicPem(ref, world)).trimEnd());
  },
};
