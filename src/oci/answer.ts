import { type ErrorCode, SignedImageError } from '../error';
import { speaksTls } from '../http/connection-failure';
import { immutabilityRemedy } from './immutable-tags';
import { parseBoundedJson } from '../http/json-bounds';
import type { HttpResponse } from '../http/message';

/** An entry of `errors` in an error response. */
interface RegistryError {
  readonly code: string;
  readonly message: string;
}

const MAX_QUOTED_LENGTH = 300;

/**
 * Parses the errors of an error response; `undefined` if the body does not have the specified format.
 *
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
 */
export function parseErrors({ body }: HttpResponse): readonly RegistryError[] | undefined {
  let parsed: unknown;
  try {
    parsed = parseBoundedJson(body);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || !('errors' in parsed)) return undefined;
  const { errors } = parsed;
  if (!Array.isArray(errors)) return undefined;
  return errors.map((error: unknown) => {
    const { code, message } = { ...(error as object | null) } as Record<string, unknown>;
    return { code: printable(code), message: printable(message) };
  });
}

/**
 * Whether a 404 means that the content does not exist: it has a registry error body, or no body. The
 * 404 of a web site or proxy does not indicate whether the content exists.
 */
export function isNotFound(response: HttpResponse): boolean {
  if (response.status !== 404 || isHtmlResponse(response)) return false;
  return response.body.length === 0 || parseErrors(response) !== undefined;
}

/** https://www.rfc-editor.org/rfc/rfc6750#section-3.1 */
export function isInsufficientScope({ status, headers }: HttpResponse): boolean {
  return status === 401 && /error="?insufficient_scope/.test(headers['www-authenticate'] ?? '');
}

/** How registries that return 400 report credentials that have expired or are wrong. */
const AUTHENTICATION_ERROR =
  /UNAUTHORIZED|UNAUTHENTICATED|authorization token has expired|token (is|has) expired|expired token|reauthenticate|authentication (is )?required|no basic auth credentials|invalid (username|credentials|(authorization|access) token)/i;

/**
 * Whether a 400 is about the credentials, as Amazon ECR and some proxies return for an expired login.
 *
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors-docker.html
 */
export function isUnauthenticated(response: HttpResponse): boolean {
  if (response.status !== 400) return false;
  const errors = parseErrors(response);
  const text = errors
    ? errors.map(({ code, message }) => `${code} ${message}`).join(' ')
    : isHtmlResponse(response)
      ? ''
      : response.body.subarray(0, 1000).toString('latin1');
  return AUTHENTICATION_ERROR.test(text);
}

/** Whether the port expects TLS, as the servers of Go, nginx and Apache report for a plain http request. */
function isTlsRequired({ status, body, url }: HttpResponse): boolean {
  const text = body.subarray(0, 2000).toString('latin1');
  return (
    status === 400 &&
    url.protocol === 'http:' &&
    /HTTP request to an HTTPS server|plain HTTP request was sent to HTTPS port|speaking plain HTTP to an SSL/i.test(
      text,
    )
  );
}

/** Statuses for an attempt to move an immutable tag: ECR 400, Harbor 412, others 403, 405 or 409. */
const IMMUTABLE_TAG_STATUSES: readonly number[] = [400, 403, 405, 409, 412];

/** Whether the error body of a write reports that the tag exists and is immutable. */
export function isImmutableTagError(response: HttpResponse): boolean {
  if (!IMMUTABLE_TAG_STATUSES.includes(response.status)) return false;
  return (parseErrors(response) ?? []).some(
    ({ code, message }) =>
      /immutab/i.test(`${code} ${message}`) ||
      (code === 'TAG_INVALID' && /overwritten|already exists/i.test(message)),
  );
}

export function isHtmlResponse({ headers, body }: HttpResponse): boolean {
  const isHtml = /^(text\/html|application\/xhtml\+xml)\b/i.test(headers['content-type'] ?? '');
  return isHtml || /^\s*<(!doctype|html|\?xml)/i.test(body.subarray(0, 256).toString('latin1'));
}

/** Returns the media type of a response in lower case, without parameters. */
export function mediaTypeOf({ headers }: HttpResponse): string | undefined {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  return type === '' ? undefined : type;
}

/** An error response and the context for its message. */
export interface ErrorContext {
  readonly response: HttpResponse;
  /** The operation: `reading the manifest x of host/repo`. */
  readonly action: string;
  readonly registry: string;
  /** The source of the credentials that were sent; `undefined`: none were sent. */
  readonly credentialsFrom: string | undefined;
  /** Redacts secrets in text from the registry. */
  readonly redact: (text: string) => string;
}

/** Converts an error response of a registry to an error. */
export function toResponseError(context: ErrorContext): SignedImageError {
  const { response, action, registry } = context;
  const { code, advice } = classifyResponse(context);
  const errors = (parseErrors(response) ?? [])
    .map((error) => [error.code, error.message].filter(Boolean).join(': '))
    .join('; ');
  const quoted = errors === '' ? '' : ` (${context.redact(errors)})`;
  return new SignedImageError({
    code,
    message: `${action}: registry ${registry} returned ${response.status}${quoted}; ${advice}`,
  });
}

function classifyResponse({ response, registry, credentialsFrom }: ErrorContext): {
  code: ErrorCode;
  advice: string;
} {
  const { status } = response;
  if (isImmutableTagError(response)) {
    return {
      code: 'REGISTRY_CONFLICT',
      advice: `its tags are immutable, and this tag exists. ${immutabilityRemedy(registry)}`,
    };
  }
  // A new login has no effect if credentials are declared, because these take precedence.
  const logIn =
    credentialsFrom === 'registry.username'
      ? 'log in again with a valid `registry.username` and `registry.password` (they take precedence over logins of docker and podman)'
      : `log in again ("docker login ${registry}" or "podman login ${registry}")`;
  if (isTlsRequired(response))
    return { code: 'REGISTRY_INSECURE', advice: speaksTls(response.url) };
  switch (status) {
    case 400:
      if (!isUnauthenticated(response)) break;
      return {
        code: 'REGISTRY_UNAUTHORIZED',
        advice: credentialsFrom
          ? `the credentials from ${credentialsFrom} are wrong or have expired: ${logIn}`
          : `no credentials for it were found: ${logIn}, or set registry.username and registry.password`,
      };
    case 401: {
      if (credentialsFrom === undefined) {
        return {
          code: 'REGISTRY_UNAUTHORIZED',
          advice: `no credentials for it were found: log in ("docker login ${registry}") or set registry.username and registry.password`,
        };
      }
      return isInsufficientScope(response)
        ? {
            code: 'REGISTRY_FORBIDDEN',
            advice: `the credentials from ${credentialsFrom} do not have permission to do this`,
          }
        : {
            code: 'REGISTRY_UNAUTHORIZED',
            advice: `the credentials from ${credentialsFrom} are wrong or have expired: ${logIn}`,
          };
    }
    case 403:
      return {
        code: 'REGISTRY_FORBIDDEN',
        advice: credentialsFrom
          ? `the credentials from ${credentialsFrom} have expired or do not have permission to do this: ${logIn}, or grant the permission`
          : `no credentials for it were found and anonymous access is denied: log in ("docker login ${registry}")`,
      };
    case 404:
      if (isNotFound(response)) {
        return { code: 'REGISTRY_NOT_FOUND', advice: 'check that the repository exists' };
      }
      break;
    case 409:
    case 412:
      return {
        code: 'REGISTRY_CONFLICT',
        advice: `another writer changed it concurrently, or its tags are immutable. For immutable tags: ${immutabilityRemedy(registry)}`,
      };
    case 413:
      return { code: 'CONTENT_TOO_LARGE', advice: 'it does not accept content of this size' };
    case 429:
      return { code: 'REGISTRY_THROTTLED', advice: 'its rate limit is exceeded: try again later' };
  }
  if (status === 408 || status >= 500)
    return { code: 'REGISTRY_UNAVAILABLE', advice: 'try again later' };
  if (isHtmlResponse(response) || (status === 404 && !isNotFound(response))) {
    return {
      code: 'REGISTRY_PROTOCOL',
      advice:
        'it does not appear to be an OCI registry: the response is from a web site or a proxy. Check the host name',
    };
  }
  return {
    code: 'REGISTRY_PROTOCOL',
    advice: 'the OCI distribution specification does not define this response',
  };
}

/** Converts foreign text to one printable line of limited length. */
function printable(value: unknown): string {
  if (typeof value !== 'string') return '';
  return value.replace(/[^\x20-\x7e]+/g, ' ').slice(0, MAX_QUOTED_LENGTH);
}
