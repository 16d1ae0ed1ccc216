import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 } as const;
const PROBE = 'pulumi-signed-image';

/** How the key of a state is derived; stored in the state with a probe that detects a wrong passphrase. */
export interface KeyRecipe {
  readonly kdf: 'scrypt';
  readonly salt: string;
  readonly probe: string;
}

/** AES-256-GCM; `seal` returns base64 of nonce, tag and ciphertext. */
export interface Crypter {
  readonly recipe: KeyRecipe;
  seal(plain: string): string;
  open(sealed: string): string;
}

const derive = (passphrase: string, salt: string): Buffer =>
  scryptSync(passphrase, Buffer.from(salt, 'base64'), KEY_BYTES, SCRYPT);

const seal = (key: Buffer, plain: string): string => {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64');
};

const open = (key: Buffer, sealed: string): string => {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  const text = bytes.subarray(NONCE_BYTES + TAG_BYTES);
  return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8');
};

export const newCrypter = (passphrase: string): Crypter => {
  const salt = randomBytes(16).toString('base64');
  const key = derive(passphrase, salt);
  return {
    recipe: { kdf: 'scrypt', salt, probe: seal(key, PROBE) },
    seal: (plain) => seal(key, plain),
    open: (sealed) => open(key, sealed),
  };
};

/** @throws Error if the passphrase does not match the recipe */
export const crypterOf = (passphrase: string, recipe: KeyRecipe): Crypter => {
  const key = derive(passphrase, recipe.salt);
  try {
    if (open(key, recipe.probe) !== PROBE) throw new Error('the probe differs');
  } catch (cause) {
    throw new Error('incorrect passphrase: set PULUMI_CONFIG_PASSPHRASE to the one of this stack', {
      cause,
    });
  }
  return { recipe, seal: (plain) => seal(key, plain), open: (sealed) => open(key, sealed) };
};
