import { SignedImageError } from '../../error';
import { parseBoundedJson } from '../../http/json-bounds';
import { redactSecrets, redactText } from '../../error/redaction';
import type { SecretReference } from './secret-reference';

/** A request to the API server. */
export interface ClusterRequest {
  readonly verb: 'get' | 'create';
  readonly secret: SecretReference;
  /** Address of the API server. */
  readonly server: string;
}

type Json = Readonly<Record<string, unknown>>;

const CERTIFICATE_ERROR = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/;
const FILE_ERROR = /^(ENOENT|EACCES)$/;

/** Returns the message in the body of an error response of the API server. */
export function statusText(body: unknown): string | undefined {
  // https://kubernetes.io/docs/reference/kubernetes-api/definitions/status-v1-meta/
  const text = typeof body === 'string' ? parseJson(body) : body;
  const message = (text as Json | undefined)?.['message'];
  return typeof message === 'string' ? message : undefined;
}

function parseJson(text: string): unknown {
  try {
    return parseBoundedJson(text);
  } catch {
    return undefined;
  }
}

/** Returns the HTTP status of the response that caused the client's error. */
export function statusOf(error: unknown): number | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

function requiredRule({ verb, secret }: ClusterRequest): string {
  const names = verb === 'get' ? `, resourceNames: ["${secret.name}"]` : '';
  return `apiGroups: [""], resources: ["secrets"]${names}, verbs: ["${verb}"]`;
}

/** Returns the code, else the message, of the innermost error: `fetch` reports the reason in its cause. */
export function networkReason(error: unknown, depth = 0): string {
  const { cause, code, message } = (error ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof cause === 'object' && cause !== null && depth < 5) {
    return networkReason(cause, depth + 1);
  }
  // If a file or a program does not exist, the message names it.
  if (typeof code === 'string' && !FILE_ERROR.test(code)) return code;
  return typeof message === 'string' ? message : 'no reason given';
}

function responseFailure(
  request: ClusterRequest,
  status: number,
  reason: string,
): SignedImageError {
  const { secret, server, verb } = request;
  const { namespace, name } = secret;
  const error = (code: 'KEY_NOT_FOUND' | 'KEY_FORBIDDEN' | 'KEY_EXISTS', message: string) =>
    new SignedImageError({ code, message });
  if (status === 401) {
    return error(
      'KEY_FORBIDDEN',
      `the cluster ${server} rejected the credentials of kubeconfig (HTTP 401): they have expired or belong to another cluster; sign in again and check that \`kubectl auth whoami\` works`,
    );
  }
  if (status === 403) {
    return error(
      'KEY_FORBIDDEN',
      `the cluster ${server} does not allow this user to ${verb} the secret ${namespace}/${name} (${reason}); ` +
        `grant a Role in the namespace ${namespace} with the rule ${requiredRule(request)}`,
    );
  }
  if (status === 404) {
    return error(
      'KEY_NOT_FOUND',
      verb === 'create'
        ? `the cluster ${server} has no namespace ${namespace}; create it with \`kubectl create namespace ${namespace}\``
        : `the cluster ${server} has no secret ${name} in the namespace ${namespace}; check the name and the current context, ` +
            `or create it with \`npx signed-image keys generate k8s://${namespace}/${name}\``,
    );
  }
  if (status === 409) {
    return error(
      'KEY_EXISTS',
      `the secret ${namespace}/${name} already exists in the cluster ${server} and is not overwritten; choose another name, or delete the secret yourself if its key is no longer needed`,
    );
  }
  return new SignedImageError({
    code: 'KEY_SERVICE_FAILED',
    message: `the cluster ${server} returned HTTP ${status} (${reason}); run again`,
  });
}

/** Returns the remedy for a reason of {@link networkReason}. */
export function nextStep(reason: string): string {
  if (CERTIFICATE_ERROR.test(reason)) {
    return 'the certificate authority in kubeconfig did not issue the certificate of this cluster';
  }
  if (/\b(ENOENT|EACCES)\b/.test(reason)) {
    return 'kubeconfig names a file or a credential plugin that cannot be used here';
  }
  return 'check kubeconfig, and that the cluster can be reached from here';
}

/**
 * Converts the error of a request to the API server.
 *
 * @param secrets values that were sent, or are in kubeconfig, and must not be shown
 * @returns `KEY_NOT_FOUND`, `KEY_FORBIDDEN`, `KEY_EXISTS` or `KEY_SERVICE_FAILED`
 */
export function clusterFailure(
  request: ClusterRequest,
  error: unknown,
  secrets: readonly string[],
): SignedImageError {
  const status = statusOf(error);
  if (status !== undefined) {
    // The client's own error prints headers and bodies, so it is not kept as the cause.
    const text = statusText((error as { body?: unknown }).body) ?? 'no reason given';
    return responseFailure(request, status, redactText(text, secrets));
  }
  const { server, secret } = request;
  const reason = redactText(networkReason(error), secrets);
  return new SignedImageError({
    code: 'KEY_SERVICE_FAILED',
    message: `the cluster ${server} cannot be reached for the secret ${secret.namespace}/${secret.name} (${reason.trim()}); ${nextStep(reason)}`,
    cause: redactSecrets(error, secrets),
  });
}
