import { type KeyObject, createHash, generateKeyPairSync, sign, verify } from 'node:crypto';

export type Claims = Readonly<Record<string, unknown>>;

export interface TokenKey {
  readonly id: string;
  readonly publicKey: KeyObject;
  sign(claims: Claims): string;
  /** The claims of a token that this key signed, or `undefined`. */
  verify(token: string): Claims | undefined;
}

/** An RS256 key, the algorithm that every OIDC library supports. */
export function generateTokenKey(): TokenKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const id = createHash('sha256').update(spki).digest('hex').slice(0, 16);
  return {
    id,
    publicKey,
    sign(claims) {
      const head = encode({ alg: 'RS256', typ: 'JWT', kid: id });
      const signed = `${head}.${encode(claims)}`;
      return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
    },
    verify(token) {
      const [head, body, signature, ...rest] = token.split('.');
      if (head === undefined || body === undefined || signature === undefined) return undefined;
      if (rest.length > 0) return undefined;
      const bytes = Buffer.from(signature, 'base64url');
      if (!verify('sha256', Buffer.from(`${head}.${body}`), publicKey, bytes)) return undefined;
      return JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as Claims;
    },
  };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
