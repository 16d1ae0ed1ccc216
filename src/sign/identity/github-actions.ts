import { SignedImageError } from '../../error';
import { redactSecrets } from '../../redaction';
import type { SigningHost } from '../host';
import { isLoopbackOrHttps } from '../service-url';
import type { TokenSource } from './identity-provider';

/** https://docs.github.com/en/actions/reference/security/oidc#methods-for-requesting-the-oidc-token */
export const GITHUB_URL_VARIABLE = 'ACTIONS_ID_TOKEN_REQUEST_URL';
export const GITHUB_TOKEN_VARIABLE = 'ACTIONS_ID_TOKEN_REQUEST_TOKEN';

const ATTEMPTS = 3;
const TIMEOUT_MS = 10_000;
const PAUSE_MS = 500;

type GithubHost = Pick<SigningHost, 'env' | 'fetch'>;

interface TokenRequest {
  readonly url: URL;
  readonly bearer: string;
}

function unavailable(message: string, cause?: unknown): SignedImageError {
  return new SignedImageError({ code: 'IDENTITY_UNAVAILABLE', message, cause });
}

/** Whether the job runs on GitHub Actions with the permission to ask for a token. */
export function hasGithubActionsCredential({ env }: Pick<SigningHost, 'env'>): boolean {
  return Boolean(env[GITHUB_URL_VARIABLE]) && Boolean(env[GITHUB_TOKEN_VARIABLE]);
}

function tokenRequest({ env }: GithubHost, audience: string): TokenRequest {
  const address = env[GITHUB_URL_VARIABLE];
  const bearer = env[GITHUB_TOKEN_VARIABLE];
  if (!address || !bearer) {
    throw unavailable(
      `${GITHUB_URL_VARIABLE} and ${GITHUB_TOKEN_VARIABLE} are not set: run in GitHub Actions and give the job ` +
        '`permissions: id-token: write`',
    );
  }
  if (!URL.canParse(address) || !isLoopbackOrHttps(new URL(address))) {
    throw unavailable(`${GITHUB_URL_VARIABLE} is no https address`);
  }
  const url = new URL(address);
  url.searchParams.set('audience', audience);
  return { url, bearer };
}

/** A refusal is final; everything else may be different the next time. */
function refusal(status: number): SignedImageError | undefined {
  if (status === 401 || status === 403) {
    return unavailable(
      `GitHub refused to issue an identity token (HTTP ${status}); give the job \`permissions: id-token: write\` ` +
        '(jobs started by a pull request from a fork never get one)',
    );
  }
  const retryable = status === 408 || status === 429 || status >= 500;
  return retryable
    ? undefined
    : unavailable(`GitHub answered the request for an identity token with HTTP ${status}`);
}

async function tokenOf(response: Response): Promise<string> {
  try {
    const { value } = (await response.json()) as { value?: unknown };
    if (typeof value === 'string' && value !== '') return value;
  } catch {
    // Falls through: a JSON error may quote the token.
  }
  throw unavailable(
    'GitHub answered the request for an identity token with something else than a token',
  );
}

async function ask({ url, bearer }: TokenRequest, fetch: GithubHost['fetch']): Promise<string> {
  let failure: unknown;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    if (attempt > 1) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * attempt));
    try {
      const response = await fetch(url, {
        headers: { authorization: `Bearer ${bearer}`, accept: 'application/json' },
        // The bearer token is for this address and for no other.
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (response.ok) return await tokenOf(response);
      await response.body?.cancel();
      failure = refusal(response.status) ?? new Error(`HTTP ${response.status}`);
    } catch (error) {
      failure = error;
    }
    if (failure instanceof SignedImageError) throw failure;
  }
  throw unavailable(
    `GitHub's identity token could not be fetched in ${ATTEMPTS} attempts; run the job again`,
    redactSecrets(failure, [bearer]),
  );
}

/** GitHub Actions' ambient credential. */
export function githubActionsSource(host: GithubHost, audience: string): TokenSource {
  return {
    name: 'the identity token of GitHub Actions',
    local: false,
    property: 'keyless',
    read: async () => {
      try {
        return await ask(tokenRequest(host, audience), host.fetch);
      } catch (error) {
        throw error instanceof SignedImageError ? error.on('keyless') : error;
      }
    },
  };
}
