import { SignedImageError } from '../../error';
import { isLoopbackOrHttps, normalizeServiceUrl } from '../../http/service-url';
import type { KeyHost } from '../backend';

export const TOKEN_VARIABLE = 'GITLAB_TOKEN';
export const HOST_VARIABLE = 'GITLAB_HOST';

const DEFAULT_HOST = 'https://gitlab.com';
const API = '/api/v4';

/** The address of GitLab's API, and the token for it. */
export interface GitlabServer {
  /** Ends with `/api/v4`. */
  readonly api: string;
  /** A secret. */
  readonly token: string;
}

function failed(message: string): SignedImageError {
  return new SignedImageError({ code: 'KEY_SERVICE_FAILED', message });
}

/** Parses `GITLAB_HOST` as cosign does (an address, with or without `/api/v4`), or a bare host name. */
function apiAddress(declared: string): string {
  const text = declared.includes('://') ? declared : `https://${declared}`;
  if (!URL.canParse(text))
    throw failed(`${HOST_VARIABLE} must be an address such as ${DEFAULT_HOST}`);
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw failed(
      `${HOST_VARIABLE} must be an address without user name, password, query and fragment`,
    );
  }
  if (!isLoopbackOrHttps(url)) {
    throw failed(
      `${HOST_VARIABLE} must be an https address: ${TOKEN_VARIABLE} is sent there (plain http is for this machine only)`,
    );
  }
  const base = normalizeServiceUrl(text);
  return base.endsWith(API) ? base : `${base}${API}`;
}

/**
 * Reads the server from the environment.
 *
 * @throws SignedImageError `KEY_FORBIDDEN` (no token), `KEY_SERVICE_FAILED` (no usable address)
 */
export function gitlabServer({ env }: Pick<KeyHost, 'env'>): GitlabServer {
  const token = (env[TOKEN_VARIABLE] ?? '').trim();
  if (token === '') {
    throw new SignedImageError({
      code: 'KEY_FORBIDDEN',
      message:
        `${TOKEN_VARIABLE} is not set: create an access token with the scope read_api and the role Maintainer, ` +
        'and set this variable to it (CI_JOB_TOKEN is not allowed to read variables)',
    });
  }
  return { api: apiAddress(env[HOST_VARIABLE] || DEFAULT_HOST), token };
}
