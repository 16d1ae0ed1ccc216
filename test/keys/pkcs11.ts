import type { RunningSource, SourceCase } from './source-case';
import {
  cosignWithPkcs11,
  makeToken,
  PIN,
  softhsmModule,
  type TokenKeySpec,
} from './support/softhsm';
import { labelOf, removeToken } from './support/token-folder';

const inToken = (type: TokenKeySpec['type']) => async (): Promise<RunningSource> => {
  const label = labelOf('Release Keys');
  const serial = await makeToken(label, [{ type, id: 1, label: 'release' }]);
  const token = encodeURIComponent(label);
  const key = `pkcs11:token=${token};id=%01;object=release?module-path=${softhsmModule()}`;
  const env = { COSIGN_PKCS11_PIN: PIN };
  return {
    config: { key: { ref: key } },
    env,
    publicRef: key,
    cosign: {
      key,
      env: { ...env, SOFTHSM2_CONF: process.env['SOFTHSM2_CONF'] },
      program: cosignWithPkcs11(),
    },
    stop: () => removeToken(serial),
  };
};

/** Tokens of SoftHSM, by its own library. */
export const PKCS11_CASES: readonly SourceCase[] = [
  { source: 'pkcs11: (SoftHSM, ECDSA P-256)', against: 'real', start: inToken('p256') },
  { source: 'pkcs11: (SoftHSM, RSA 2048)', against: 'real', start: inToken('rsa') },
];
