import { randomBytes, timingSafeEqual } from 'node:crypto';

import { type Handler, type ServiceRequest, json } from './http-service';
import { type Claims, generateTokenKey } from './json-web-token';
import { type LoginSettings, createLogin } from './oidc-login';

export interface TokenRequest {
  /** The `sub` claim: a URI becomes a URI in the certificate. */
  readonly subject?: string;
  /** The `email` claim, verified; it is the certificate's identity instead of `sub`. */
  readonly email?: string;
  /** Default: `sigstore`, which Fulcio requires. */
  readonly audience?: string;
  /** Seconds until it expires; negative for an expired token. Default: 600. */
  readonly expiresIn?: number;
  /** Further claims; they take precedence over all others. */
  readonly claims?: Claims;
}

export interface OidcIssuer {
  readonly url: string;
  /** The person who signs in with a browser or a device code, and their decision. */
  readonly login: LoginSettings;
  /** A signed token. */
  token(request: TokenRequest): string;
  /** The same token, signed with an unknown key. */
  forgedToken(request: TokenRequest): string;
  /** The claims of a token that this issuer signed, or `undefined`. */
  verify(token: string): Claims | undefined;
  /** The variables of a GitHub Actions job that may request an identity token. */
  actionsEnvironment(claims?: Claims): {
    readonly ACTIONS_ID_TOKEN_REQUEST_URL: string;
    readonly ACTIONS_ID_TOKEN_REQUEST_TOKEN: string;
  };
}

/** The issuer of GitHub Actions, whose part the local issuer plays in tests of verifiers that require it. */
export const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com';

/** The claims of a job in GitHub Actions, as set by its issuer. */
export const ACTIONS_CLAIMS: Claims = {
  sub: 'repo:octo-org/octo-repo:ref:refs/heads/main',
  job_workflow_ref: 'octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main',
  workflow_ref: 'octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main',
  workflow: 'release',
  event_name: 'push',
  repository: 'octo-org/octo-repo',
  repository_id: '74',
  repository_owner: 'octo-org',
  repository_owner_id: '65',
  repository_visibility: 'public',
  ref: 'refs/heads/main',
  sha: '8d2a64a5b8e9f8f0c1e3b4a5d6c7e8f901234567',
  job_workflow_sha: '8d2a64a5b8e9f8f0c1e3b4a5d6c7e8f901234567',
  workflow_sha: '8d2a64a5b8e9f8f0c1e3b4a5d6c7e8f901234567',
  runner_environment: 'github-hosted',
  run_id: '1234567890',
  run_attempt: '1',
};

const DISCOVERY = '/.well-known/openid-configuration';
const ACTIONS_PATH = '/actions/token';

export interface OidcIssuerParts {
  readonly handler: Handler;
  /** Must be called when its address is known. */
  at(url: string): OidcIssuer;
}

/** An OIDC issuer: discovery, keys, interactive logins, and the token endpoint of GitHub Actions. */
export function createOidcIssuer(): OidcIssuerParts {
  const key = generateTokenKey();
  const unknownKey = generateTokenKey();
  const jobs = new Map<string, Claims>();
  let address = '';

  const claimsOf = ({ subject, email, audience, expiresIn, claims }: TokenRequest): Claims => {
    const now = Math.floor(Date.now() / 1000);
    return {
      iss: address,
      aud: audience ?? 'sigstore',
      sub: subject ?? email ?? 'nobody',
      ...(email !== undefined && { email, email_verified: true }),
      iat: Math.min(now, now + (expiresIn ?? 0)) - 5,
      nbf: Math.min(now, now + (expiresIn ?? 0)) - 5,
      exp: now + (expiresIn ?? 600),
      jti: randomBytes(8).toString('hex'),
      ...claims,
    };
  };

  const login = createLogin((request) => key.sign(claimsOf(request)));

  const handler: Handler = (request) => {
    const answer = login.handler(request);
    if (answer !== undefined) return answer;
    if (request.method !== 'GET') return json(405, { error: 'method_not_allowed' });
    // The doubles of dev/identity are issuers too, each under its own path, with the same key.
    const [path, under] = request.path.endsWith(DISCOVERY)
      ? [DISCOVERY, request.path.slice(0, -DISCOVERY.length)]
      : [request.path, ''];
    switch (path) {
      case DISCOVERY:
        return json(200, {
          issuer: `${address}${under}`,
          jwks_uri: `${address}/keys`,
          ...login.metadata(address),
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['RS256'],
        });
      case '/keys': {
        const jwk = key.publicKey.export({ format: 'jwk' });
        return json(200, { keys: [{ ...jwk, kid: key.id, use: 'sig', alg: 'RS256' }] });
      }
      case ACTIONS_PATH: {
        const claims = jobOf(request, jobs);
        if (!claims) return json(401, { message: 'the request token is not valid' });
        const audience = request.query.get('audience') ?? `${address}/octo-org`;
        return json(200, { value: key.sign(claimsOf({ audience, claims })) });
      }
      default:
        return json(404, { error: 'not_found' });
    }
  };

  return {
    handler,
    at(url) {
      address = url;
      return {
        url,
        login: login.settings,
        token: (request) => key.sign(claimsOf(request)),
        forgedToken: (request) => unknownKey.sign(claimsOf(request)),
        verify: (token) => key.verify(token),
        actionsEnvironment(claims = ACTIONS_CLAIMS) {
          const requestToken = randomBytes(24).toString('base64url');
          jobs.set(requestToken, claims);
          return {
            // GitHub's URL already has a query, which clients must keep.
            ACTIONS_ID_TOKEN_REQUEST_URL: `${url}${ACTIONS_PATH}?api-version=2.0`,
            ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
          };
        },
      };
    },
  };
}

function jobOf(request: ServiceRequest, jobs: ReadonlyMap<string, Claims>): Claims | undefined {
  const given = Buffer.from(request.headers.authorization?.replace(/^bearer /i, '') ?? '');
  for (const [token, claims] of jobs) {
    const known = Buffer.from(token);
    if (known.length === given.length && timingSafeEqual(known, given)) return claims;
  }
  return undefined;
}
