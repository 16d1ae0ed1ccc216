import { isAbsolute } from 'node:path';

import { SignedImageError } from '../../error';
import { derOfRawSignature } from '../der-signature';
import type { KeyHost, KeySource, RemoteKey } from '../backend';
import { cryptokiFailure } from './cryptoki-failure';
import { withCryptoki } from './cryptoki-module';
import { parsePkcs11Uri, type Pkcs11Uri, showPkcs11Uri } from './pkcs11-uri';
import { findPrivateKey, signDigest, type TokenKey } from './token-key';
import { findPublicKey } from './token-public-key';
import { type TokenPin, type TokenSession, withToken } from './token-session';

const MODULE_VARIABLE = 'COSIGN_PKCS11_MODULE_PATH';
const PIN_VARIABLE = 'COSIGN_PKCS11_PIN';
const IGNORE_CERTIFICATE = 'COSIGN_PKCS11_IGNORE_CERTIFICATE';

function moduleOf({ modulePath }: Pkcs11Uri, { env }: KeyHost): string {
  const path = modulePath ?? env[MODULE_VARIABLE] ?? '';
  if (isAbsolute(path)) return path;
  throw new SignedImageError({
    code: 'KEY_REFERENCE_INVALID',
    message: `a pkcs11: URI needs the token's library: module-path in the URI or ${MODULE_VARIABLE} must be its absolute path`,
  });
}

async function pinOf(uri: Pkcs11Uri, { env, readFile }: KeyHost): Promise<TokenPin | undefined> {
  if (uri.pinValue !== undefined) return { value: uri.pinValue, origin: 'the URI (pin-value)' };
  if (uri.pinSource !== undefined) {
    try {
      const value = (await readFile(uri.pinSource)).replace(/\r?\n$/, '');
      return { value, origin: `the file ${uri.pinSource}` };
    } catch (error) {
      const { code = 'unknown error' } = error as NodeJS.ErrnoException;
      throw new SignedImageError({
        code: 'KEY_UNREADABLE',
        message: `the file ${uri.pinSource} of pin-source cannot be read (${code})`,
        cause: error,
      });
    }
  }
  const value = env[PIN_VARIABLE];
  return value ? { value, origin: PIN_VARIABLE } : undefined;
}

function tokenBackend(uri: Pkcs11Uri): RemoteKey {
  const description = `the key ${showPkcs11Uri(uri)}`;
  return {
    kind: 'service',
    description,
    async open(host) {
      const module = moduleOf(uri, host);
      const access = { uri, pin: await pinOf(uri, host), description };
      const withKey = async <T>(
        action: (session: TokenSession, key: TokenKey) => Promise<T>,
      ): Promise<T> => {
        try {
          return await withCryptoki(module, (library) =>
            withToken(library, access, (session) =>
              action(session, findPrivateKey(session, uri, description)),
            ),
          );
        } catch (error) {
          throw cryptokiFailure(description, error);
        }
      };
      const ignoreCertificate = host.env[IGNORE_CERTIFICATE] === '1';
      return {
        publicKey: await withKey(async (session, key) =>
          findPublicKey(session, key, { description, ignoreCertificate }),
        ),
        sign: ({ digest }) =>
          withKey(async (session, key) => {
            const signature = await signDigest(session, key, digest);
            return key.type === 'ec' ? derOf(signature, description) : signature;
          }),
      };
    },
  };
}

function derOf(signature: Buffer, description: string): Buffer {
  const der = derOfRawSignature(signature);
  if (der !== undefined) return der;
  throw new SignedImageError({
    code: 'KEY_SIGNING_FAILED',
    message: `${description}: the token returned ${signature.length} bytes, but an ECDSA P-256 signature has 64`,
  });
}

/** Keys in smart cards, hardware security modules and SoftHSM. */
export const pkcs11Keys: KeySource = {
  prefixes: ['pkcs11:'],
  example: 'pkcs11:token=LABEL;object=KEY?module-path=/usr/lib/softhsm/libsofthsm2.so',
  parse: (ref) => tokenBackend(parsePkcs11Uri(ref)),
};
