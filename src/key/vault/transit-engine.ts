import { asSignedImageError, SignedImageError } from '../../error';
import type { KeyHost } from '../backend';
import { parseTransitKey, parseTransitSignature, type TransitKeyVersion } from './transit-key';
import { createVaultClient, type VaultAnswer, type VaultRequest } from './vault-client';
import { vaultRefusal, whereIs } from './vault-failure';
import { readVaultSettings } from './vault-settings';
import { findVaultToken } from './vault-token';

/** The type that `cosign generate-key-pair --kms` makes. */
const NEW_KEY_TYPE = 'ecdsa-p256';

/** The transit engine that the environment names. */
export interface TransitEngine {
  /** Address, mount and namespace, for messages. */
  readonly where: string;
  /** The version that signs from now on: rotations in between change nothing. */
  publicHalf(name: string): Promise<TransitKeyVersion>;
  sign(name: string, version: number, digest: Buffer): Promise<Buffer>;
  create(name: string): Promise<TransitKeyVersion>;
}

const isAbsent = ({ status, errors }: VaultAnswer): boolean =>
  status === 404 && errors.length === 0;

/**
 * Finds address and token. It asks nobody yet.
 *
 * @throws SignedImageError `KEY_SERVICE_FAILED`, `KEY_FORBIDDEN`; the engine's methods also
 *   `KEY_NOT_FOUND`, `KEY_UNSUPPORTED`, and `create` `KEY_EXISTS`
 */
export async function connectTransit(host: KeyHost): Promise<TransitEngine> {
  const settings = await readVaultSettings(host);
  const token = await findVaultToken(host);
  const client = createVaultClient(settings, token, host.env);
  const where = whereIs(settings);

  async function ask(keyName: string, asked: VaultRequest): Promise<VaultAnswer> {
    try {
      return await client(asked);
    } catch (error) {
      const fallback = { code: 'KEY_SERVICE_FAILED', message: 'Vault gives no answer' } as const;
      const { code, message, cause } = asSignedImageError(error, fallback);
      throw new SignedImageError({
        code,
        message: `the transit key ${keyName}: ${message}`,
        cause,
      });
    }
  }

  const keyPath = (name: string): string => `${settings.mount}/keys/${name}`;
  const refusal = (keyName: string, asked: VaultRequest, answer: VaultAnswer): SignedImageError =>
    vaultRefusal(answer, { asked, keyName, settings, token });

  async function granted(name: string, asked: VaultRequest): Promise<VaultAnswer> {
    const answer = await ask(name, asked);
    if (answer.status < 300) return answer;
    throw refusal(name, asked, answer);
  }

  const read = (name: string): VaultRequest => ({ method: 'GET', path: keyPath(name) });

  async function publicHalf(name: string): Promise<TransitKeyVersion> {
    const { json } = await granted(name, read(name));
    return withKeyName(name, () => parseTransitKey(json, settings.version));
  }

  return {
    where,
    publicHalf,
    async sign(name, version, digest) {
      const { json } = await granted(name, {
        method: 'POST',
        path: `${settings.mount}/sign/${name}/sha2-256`,
        json: {
          input: digest.toString('base64'),
          prehashed: true,
          key_version: version,
          signature_algorithm: 'pkcs1v15',
          marshaling_algorithm: 'asn1',
        },
      });
      return withKeyName(name, () => parseTransitSignature(json, version));
    },
    async create(name) {
      const before = await ask(name, read(name));
      if (before.status < 300) {
        throw new SignedImageError({
          code: 'KEY_EXISTS',
          message: `the transit key ${name} exists already at ${where} and is left as it is; take another name, or rotate it with \`vault write -f ${keyPath(name)}/rotate\``,
        });
      }
      if (!isAbsent(before)) throw refusal(name, read(name), before);
      await granted(name, { method: 'POST', path: keyPath(name), json: { type: NEW_KEY_TYPE } });
      const { json } = await granted(name, read(name));
      return withKeyName(name, () => parseTransitKey(json, undefined));
    },
  };
}

/** Says of which key an answer was not as it should be. */
function withKeyName<T>(keyName: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    const fallback = { code: 'KEY_SERVICE_FAILED', message: 'was answered with nonsense' } as const;
    const { code, message, cause } = asSignedImageError(error, fallback);
    throw new SignedImageError({ code, message: `the transit key ${keyName} ${message}`, cause });
  }
}
