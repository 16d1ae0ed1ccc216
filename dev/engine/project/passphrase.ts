import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from 'node:crypto';

const ITERATIONS = 1_000_000;
const TAG_BYTES = 16;
const PROBE = 'pulumi';

/**
 * Secrets of `Pulumi.<stack>.yaml` in the real CLI's passphrase format, so that both engines can read the file:
 * https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/config/crypt.go
 */
export interface ConfigCrypter {
  /** Value of `encryptionsalt`. */
  readonly salt: string;
  seal(plain: string): string;
  open(sealed: string): string;
}

const seal = (key: Buffer, plain: string): string => {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `v1:${nonce.toString('base64')}:${text.toString('base64')}`;
};

const open = (key: Buffer, sealed: string): string => {
  const [version, nonce, text] = sealed.split(':');
  if (version !== 'v1' || nonce === undefined || text === undefined) {
    throw new Error('a secret of the stack config is not in the passphrase format v1');
  }
  const bytes = Buffer.from(text, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64'));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  const plain = decipher.update(bytes.subarray(0, bytes.length - TAG_BYTES));
  return Buffer.concat([plain, decipher.final()]).toString('utf8');
};

const derive = (passphrase: string, salt: string): Buffer =>
  pbkdf2Sync(passphrase, Buffer.from(salt, 'base64'), ITERATIONS, 32, 'sha256');

/** @throws Error if `encryptionSalt` was created with another passphrase */
export const configCrypter = (passphrase: string, encryptionSalt?: string): ConfigCrypter => {
  if (encryptionSalt === undefined) {
    const salt = randomBytes(8).toString('base64');
    const key = derive(passphrase, salt);
    return crypter(key, `v1:${salt}:${seal(key, PROBE)}`);
  }
  const [version, salt, ...probe] = encryptionSalt.split(':');
  if (version !== 'v1' || salt === undefined)
    throw new Error('encryptionsalt is not of version v1');
  const key = derive(passphrase, salt);
  try {
    if (open(key, probe.join(':')) !== PROBE) throw new Error('the probe differs');
  } catch (cause) {
    throw new Error('incorrect passphrase: set PULUMI_CONFIG_PASSPHRASE to the one of this stack', {
      cause,
    });
  }
  return crypter(key, encryptionSalt);
};

const crypter = (key: Buffer, salt: string): ConfigCrypter => ({
  salt,
  seal: (plain) => seal(key, plain),
  open: (sealed) => open(key, sealed),
});
