import { asSignedImageError, SignedImageError } from '../../error';
import type { KeyHost } from '../backend';
import { parseTransitKey, parseTransitSignature, type TransitKeyVersion } from './transit-key';
import { createVaultClient, type VaultAnswer, type VaultRequest } from './vault-client';
import { vaultRefusal, formatEngineLocation } from './vault-failure';
import { readVaultSettings } from './vault-settings';
import { findVaultToken } from './vault-token';

/** The type that `cosign generate-key-pair --kms` creates. */
const NEW_KEY_TYPE = 'ecdsa-p256';

/** The transit engine that the environment configures. */
export interface TransitEngine {
  /** Address, mount and namespace, for messages. */
  readonly where: string;
  /** Fetches the version to sign with from now on: later rotations change nothing. */
  fetchPublicKey(name: string): Promise<TransitKeyVersion>;
  sign(name: string, version: number, digest: Buffer): Promise<Buffer>;
  create(name: string): Promise<TransitKeyVersion>;
}

const isAbsent = ({ status, errors }: VaultAnswer): boolean =>
  status === 404 && errors.length === 0;

/**
 * Finds the address and the token, without sending a request.
 *
 * @throws SignedImageError `KEY_SERVICE_FAILED`, `KEY_FORBIDDEN`; the engine's methods also
 *   `KEY_NOT_FOUND`, `KEY_UNSUPPORTED`, and `create` `KEY_EXISTS`
 */
export async function connectTransit(host: KeyHost): Promise<TransitEngine> {
  const settings = await readVaultSettings(host);
  const token = await findVaultToken(host);
  const client = createVaultClient(settings, token, host.env);
  const where = formatEngineLocation(settings);

  async function send(keyName: string, request: VaultRequest): Promise<VaultAnswer> {
    try {
      return await client(request);
    } catch (error) {
      const fallback = { code: 'KEY_SERVICE_FAILED', message: 'Vault does not respond' } as const;
      const { code, message, cause } = asSignedImageError(error, fallback);
      throw new SignedImageError({
        code,
        message: `the transit key ${keyName}: ${message}`,
        cause,
      });
    }
  }

  const keyPath = (name: string): string => `${settings.mount}/keys/${name}`;
  const refusal = (keyName: string, request: VaultRequest, answer: VaultAnswer): SignedImageError =>
    vaultRefusal(answer, { request, keyName, settings, token });

  async function sendChecked(name: string, request: VaultRequest): Promise<VaultAnswer> {
    const answer = await send(name, request);
    if (answer.status < 300) return answer;
    throw refusal(name, request, answer);
  }

  const read = (name: string): VaultRequest => ({ method: 'GET', path: keyPath(name) });

  async function fetchPublicKey(name: string): Promise<TransitKeyVersion> {
    const { json } = await sendChecked(name, read(name));
    return withKeyName(name, () => parseTransitKey(json, settings.version));
  }

  return {
    where,
    fetchPublicKey,
    async sign(name, version, digest) {
      const { json } = await sendChecked(name, {
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
      const before = await send(name, read(name));
      if (before.status < 300) {
        throw new SignedImageError({
          code: 'KEY_EXISTS',
          message: `the transit key ${name} already exists at ${where} and is left unchanged; choose another name, or rotate it with \`vault write -f ${keyPath(name)}/rotate\``,
        });
      }
      if (!isAbsent(before)) throw refusal(name, read(name), before);
      await sendChecked(name, {
        method: 'POST',
        path: keyPath(name),
        json: { type: NEW_KEY_TYPE },
      });
      const { json } = await sendChecked(name, read(name));
      return withKeyName(name, () => parseTransitKey(json, undefined));
    },
  };
}

/** Adds the name of the key to errors about a response. */
function withKeyName<T>(keyName: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    const fallback = {
      code: 'KEY_SERVICE_FAILED',
      message: 'received an invalid response',
    } as const;
    const { code, message, cause } = asSignedImageError(error, fallback);
    throw new SignedImageError({ code, message: `the transit key ${keyName} ${message}`, cause });
  }
}
