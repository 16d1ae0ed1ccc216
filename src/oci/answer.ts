import { type ErrorCode, SignedImageError } from '../error';
import { speaksTls } from '../http/connection-failure';
import { exemptionOf } from './immutable-tags';
import { parseBoundedJson } from '../http/json-bounds';
import type { HttpResponse } from '../http/message';

/** An error as a registry tells it. */
interface RegistryError {
  readonly code: string;
  readonly message: string;
}

const LONGEST_MESSAGE = 300;

/**
 * The errors in the registry's own words; `undefined` when the body is not in that form.
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
 * Whether a 404 means "not there": in a registry's own words, or in none. A web site's or a proxy's
 * 404 says nothing about the repository.
 */
export function isNotFound(response: HttpResponse): boolean {
  if (response.status !== 404 || isHtmlResponse(response)) return false;
  return response.body.length === 0 || parseErrors(response) !== undefined;
}

/** https://www.rfc-editor.org/rfc/rfc6750#section-3.1 */
export function isInsufficientScope({ status, headers }: HttpResponse): boolean {
  return status === 401 && /error="?insufficient_scope/.test(headers['www-authenticate'] ?? '');
}

/** How registries report credentials that have ended or are wrong, where the status is 400. */
const AUTHENTICATION_ERROR =
  /UNAUTHORIZED|UNAUTHENTICATED|authorization token has expired|token (is|has) expired|expired token|reauthenticate|authentication (is )?required|no basic auth credentials|invalid (username|credentials|(authorization|access) token)/i;

/**
 * Whether a 400 is about the credentials, as Amazon ECR and some proxies answer an expired login.
 *
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors-docker.html
 */
export function isUnauthenticated(response: HttpResponse): boolean {
  if (response.status !== 400) return false;
  const said = parseErrors(response);
  const text = said
    ? said.map(({ code, message }) => `${code} ${message}`).join(' ')
    : isHtmlResponse(response)
      ? ''
      : response.body.subarray(0, 1000).toString('latin1');
  return AUTHENTICATION_ERROR.test(text);
}

/** As Go's, nginx's and Apache's servers answer plain http on a port for TLS. */
function speaksTlsInstead({ status, body, url }: HttpResponse): boolean {
  const text = body.subarray(0, 2000).toString('latin1');
  return (
    status === 400 &&
    url.protocol === 'http:' &&
    /HTTP request to an HTTPS server|plain HTTP request was sent to HTTPS port|speaking plain HTTP to an SSL/i.test(
      text,
    )
  );
}

/** With these a tag is refused to be moved: ECR 400, Harbor 412, others 403, 405 or 409. */
const IMMUTABLE: readonly number[] = [400, 403, 405, 409, 412];

/** Whether a write was refused because the tag exists and may not be moved, in so many words. */
export function isImmutableTagError(response: HttpResponse): boolean {
  if (!IMMUTABLE.includes(response.status)) return false;
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

/** The media type of an answer, without parameters, lower case. */
export function mediaTypeOf({ headers }: HttpResponse): string | undefined {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  return type === '' ? undefined : type;
}

/** How an answer that is no success is told. */
export interface Refusal {
  readonly response: HttpResponse;
  /** What was tried: `reading the manifest x of host/repo`. */
  readonly doing: string;
  readonly registry: string;
  /** Where the credentials came from that were sent; `undefined`: none. */
  readonly credentialsFrom: string | undefined;
  /** Takes secrets out of what the registry wrote. */
  readonly redact: (text: string) => string;
}

/** The error of ours for a registry's answer. */
export function refusalError(refusal: Refusal): SignedImageError {
  const { response, doing, registry } = refusal;
  const { code, advice } = classifyResponse(refusal);
  const said = (parseErrors(response) ?? [])
    .map((complaint) => [complaint.code, complaint.message].filter(Boolean).join(': '))
    .join('; ');
  const quoted = said === '' ? '' : ` (${refusal.redact(said)})`;
  return new SignedImageError({
    code,
    message: `${doing}: registry ${registry} answered ${response.status}${quoted}; ${advice}`,
  });
}

function classifyResponse({ response, registry, credentialsFrom }: Refusal): {
  code: ErrorCode;
  advice: string;
} {
  const { status } = response;
  if (isImmutableTagError(response)) {
    return {
      code: 'REGISTRY_CONFLICT',
      advice: `its tags are immutable, and this one exists. ${exemptionOf(registry)}`,
    };
  }
  // A new login changes nothing where the declared one wins over it.
  const logIn =
    credentialsFrom === 'registry.username'
      ? 'log in again with a valid `registry.username` and `registry.password` (they win over logins of docker and podman)'
      : `log in again ("docker login ${registry}" or "podman login ${registry}")`;
  if (speaksTlsInstead(response))
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
            advice: `the credentials from ${credentialsFrom} do not have the right to do this`,
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
          ? `the credentials from ${credentialsFrom} have expired or do not have the right to do this: ${logIn}, or grant the right`
          : `no credentials for it were found and anonymous access is refused: log in ("docker login ${registry}")`,
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
        advice: `it was changed meanwhile; or its tags are immutable: then ${exemptionOf(registry)}`,
      };
    case 413:
      return { code: 'CONTENT_TOO_LARGE', advice: 'it takes nothing of this size' };
    case 429:
      return { code: 'REGISTRY_THROTTLED', advice: 'it asks for fewer requests: try again later' };
  }
  if (status === 408 || status >= 500)
    return { code: 'REGISTRY_UNAVAILABLE', advice: 'try again later' };
  if (isHtmlResponse(response) || (status === 404 && !isNotFound(response))) {
    return {
      code: 'REGISTRY_PROTOCOL',
      advice: 'this looks like no registry: a web site or a proxy answered. Check the host name',
    };
  }
  return {
    code: 'REGISTRY_PROTOCOL',
    advice: 'this is not what the OCI distribution specification says',
  };
}

/** Foreign text made fit for one line of a message. */
function printable(value: unknown): string {
  if (typeof value !== 'string') return '';
  return value.replace(/[^\x20-\x7e]+/g, ' ').slice(0, LONGEST_MESSAGE);
}
