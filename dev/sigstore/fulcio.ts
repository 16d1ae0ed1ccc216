import { X509Certificate, createPublicKey, type KeyObject, verify } from 'node:crypto';

import * as x509 from '@peculiar/x509';
import { fulcioHandler } from '@sigstore/mock';

import type { CertificateAuthority, ClaimExtension } from './certificate-authority';
import { type Handler, type ServiceAnswer, type ServiceRequest, json } from './http-service';
import type { Claims } from './json-web-token';
import { GITHUB_ISSUER, type OidcIssuer } from './oidc-issuer';
import { subjectAlternativeName } from './subject-alternative-name';

export interface FulcioSettings {
  /** Whether certificates have the CT log's timestamp. Default: true. */
  sct: boolean;
  /** Default: 10, as on the public instance. */
  lifetimeMinutes: number;
}

/** https://github.com/sigstore/fulcio/blob/v1.8.8/pkg/server/error.go */
const INVALID_TOKEN = 'There was an error processing the identity token';
const INVALID_KEY = 'The public key supplied in the request could not be parsed';
const INVALID_PROOF = 'The signature supplied in the request could not be verified';
const INVALID_CSR = 'The certificate signing request could not be parsed';

/** gRPC's INVALID_ARGUMENT, which Fulcio's gateway turns into 400. */
class Refusal extends Error {}

interface SigningCertificateRequest {
  readonly credentials?: { readonly oidcIdentityToken?: string };
  readonly publicKeyRequest?: {
    readonly publicKey?: { readonly content?: string };
    readonly proofOfPossession?: string;
  };
  readonly certificateSigningRequest?: string;
}

/** Fulcio's v2 API: https://github.com/sigstore/fulcio/blob/v1.8.8/fulcio.proto */
export function createFulcio(
  authority: CertificateAuthority,
  issuer: Pick<OidcIssuer, 'url' | 'verify'>,
  settings: FulcioSettings,
): Handler {
  return async (request) => {
    switch (`${request.method} ${request.path}`) {
      case 'GET /healthz':
        return { status: 200, body: 'ok' };
      case 'GET /api/v2/trustBundle':
        return json(200, { chains: [{ certificates: authority.chain.map(pemOf) }] });
      case 'POST /api/v2/signingCert':
        return signingCertificate(request, authority, issuer, settings);
      default:
        return json(404, { code: 5, message: 'Not Found', details: [] });
    }
  };
}

async function signingCertificate(
  request: ServiceRequest,
  authority: CertificateAuthority,
  issuer: Pick<OidcIssuer, 'url' | 'verify'>,
  settings: FulcioSettings,
): Promise<ServiceAnswer> {
  try {
    const body = JSON.parse(request.body.toString('utf8')) as SigningCertificateRequest;
    // @sigstore/sign sends the token in the body, sigstore-go (cosign) in the header.
    const token =
      body.credentials?.oidcIdentityToken ??
      /^bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ??
      '';
    const claims = checkedClaims(token, issuer);
    const publicKey = await provenKey(body, challengeOf(claims));
    const certificate = await authority.issue({
      publicKey,
      identity: subjectAlternativeName(claims, challengeOf(claims)),
      extensions: await extensionsOf(token, publicKey),
      lifetimeMinutes: settings.lifetimeMinutes,
      sct: settings.sct,
    });
    const chain = { certificates: [certificate, ...authority.chain].map(pemOf) };
    return json(200, {
      [settings.sct ? 'signedCertificateEmbeddedSct' : 'signedCertificateDetachedSct']: { chain },
    });
  } catch (error) {
    if (error instanceof Refusal || error instanceof SyntaxError) {
      return json(400, { code: 3, message: error.message, details: [] });
    }
    throw error;
  }
}

function checkedClaims(token: string, issuer: Pick<OidcIssuer, 'url' | 'verify'>): Claims {
  let claims: Claims | undefined;
  try {
    claims = issuer.verify(token);
  } catch {
    throw new Refusal(INVALID_TOKEN);
  }
  const now = Date.now() / 1000;
  const audiences = [claims?.['aud']].flat();
  const valid =
    claims !== undefined &&
    isIssuedBy(claims, issuer) &&
    audiences.includes('sigstore') &&
    typeof claims['exp'] === 'number' &&
    claims['exp'] > now &&
    (typeof claims['nbf'] !== 'number' || claims['nbf'] <= now) &&
    (claims['email'] === undefined || claims['email_verified'] === true);
  if (!valid || !claims) throw new Refusal(INVALID_TOKEN);
  return claims;
}

/** The text that the caller signs as proof of possession of the key. */
function challengeOf(claims: Claims): string {
  return String(claims['email'] ?? claims['sub']);
}

/** Whether the token's issuer is the local issuer, one of the issuers below its URL, or that of GitHub Actions. */
function isIssuedBy(claims: Claims, { url }: Pick<OidcIssuer, 'url'>): boolean {
  const issuer = String(claims['iss']);
  return issuer === url || issuer.startsWith(`${url}/`) || issuer === GITHUB_ISSUER;
}

async function provenKey(body: SigningCertificateRequest, challenge: string): Promise<KeyObject> {
  if (body.certificateSigningRequest !== undefined) {
    return keyOfRequest(Buffer.from(body.certificateSigningRequest, 'base64').toString('utf8'));
  }
  const { publicKey, proofOfPossession } = body.publicKeyRequest ?? {};
  const key = parseKey(publicKey?.content ?? '');
  const proof = Buffer.from(proofOfPossession ?? '', 'base64');
  const algorithm = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  if (!verify(algorithm, Buffer.from(challenge), key, proof)) throw new Refusal(INVALID_PROOF);
  return key;
}

async function keyOfRequest(pem: string): Promise<KeyObject> {
  let request: x509.Pkcs10CertificateRequest;
  try {
    request = new x509.Pkcs10CertificateRequest(pem);
  } catch {
    throw new Refusal(INVALID_CSR);
  }
  if (!(await request.verify())) throw new Refusal(INVALID_PROOF);
  return parseKey(request.publicKey.toString('pem'));
}

function parseKey(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch {
    throw new Refusal(INVALID_KEY);
  }
}

/** Derives the extensions from the claims with `@sigstore/mock`. */
async function extensionsOf(
  token: string,
  publicKey: KeyObject,
): Promise<readonly ClaimExtension[]> {
  let extensions: readonly ClaimExtension[] = [];
  const { fn } = fulcioHandler({
    rootCertificate: Buffer.alloc(0),
    issueCertificate: async (options) => {
      extensions = options.extensions ?? [];
      return Buffer.alloc(0);
    },
  });
  const content = publicKey.export({ type: 'spki', format: 'pem' });
  await fn(
    JSON.stringify({
      credentials: { oidcIdentityToken: token },
      publicKeyRequest: { publicKey: { content } },
    }),
  );
  return extensions;
}

function pemOf(der: Buffer): string {
  return new X509Certificate(der).toString();
}
