import { SignedImageError } from '../../error';
import { parseBoundedJson } from '../../http/json-bounds';
import { redactSecrets, redactText } from '../../error/redaction';
import type { SecretReference } from './secret-reference';

/** What was asked of the API server. */
export interface ClusterRequest {
  readonly verb: 'get' | 'create';
  readonly secret: SecretReference;
  /** Address of the API server. */
  readonly server: string;
}

type Json = Readonly<Record<string, unknown>>;

const CERTIFICATE_TROUBLE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/;
const FILE_TROUBLE = /^(ENOENT|EACCES)$/;

/** What the API server said in the body of a refusal. */
export function statusText(body: unknown): string | undefined {
  // https://kubernetes.io/docs/reference/kubernetes-api/definitions/status-v1-meta/
  const text = typeof body === 'string' ? parsed(body) : body;
  const message = (text as Json | undefined)?.['message'];
  return typeof message === 'string' ? message : undefined;
}

function parsed(text: string): unknown {
  try {
    return parseBoundedJson(text);
  } catch {
    return undefined;
  }
}

/** The status of the answer that the client made an error of. */
export function statusOf(error: unknown): number | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

function leastRole({ verb, secret }: ClusterRequest): string {
  const names = verb === 'get' ? `, resourceNames: ["${secret.name}"]` : '';
  return `apiGroups: [""], resources: ["secrets"]${names}, verbs: ["${verb}"]`;
}

/** The code, else the text, of the innermost error: `fetch` says why in its cause. */
export function networkReason(error: unknown, depth = 0): string {
  const { cause, code, message } = (error ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof cause === 'object' && cause !== null && depth < 5) {
    return networkReason(cause, depth + 1);
  }
  // Of a file or a program that is not there the text has the name.
  if (typeof code === 'string' && !FILE_TROUBLE.test(code)) return code;
  return typeof message === 'string' ? message : 'no reason given';
}

function answered(question: ClusterRequest, status: number, said: string): SignedImageError {
  const { secret, server, verb } = question;
  const { namespace, name } = secret;
  const error = (code: 'KEY_NOT_FOUND' | 'KEY_FORBIDDEN' | 'KEY_EXISTS', message: string) =>
    new SignedImageError({ code, message });
  if (status === 401) {
    return error(
      'KEY_FORBIDDEN',
      `the cluster ${server} does not take the credentials of kubeconfig (HTTP 401): they are expired or of another cluster; sign in again and see that \`kubectl auth whoami\` works`,
    );
  }
  if (status === 403) {
    return error(
      'KEY_FORBIDDEN',
      `the cluster ${server} does not allow to ${verb} the secret ${namespace}/${name} (${said}); ` +
        `give this user a Role in the namespace ${namespace} with the rule ${leastRole(question)}`,
    );
  }
  if (status === 404) {
    return error(
      'KEY_NOT_FOUND',
      verb === 'create'
        ? `there is no namespace ${namespace} in the cluster ${server}; make it with \`kubectl create namespace ${namespace}\``
        : `there is no secret ${name} in the namespace ${namespace} of the cluster ${server}; check the name and the current context, ` +
            `or make it with \`npx signed-image keys generate k8s://${namespace}/${name}\``,
    );
  }
  if (status === 409) {
    return error(
      'KEY_EXISTS',
      `the secret ${namespace}/${name} exists already in the cluster ${server}, and is not overwritten; choose another name, or delete it yourself when nobody needs its key any more`,
    );
  }
  return new SignedImageError({
    code: 'KEY_SERVICE_FAILED',
    message: `the cluster ${server} answered HTTP ${status} (${said}); run again`,
  });
}

/** What to do about a reason of {@link networkReason}. */
export function nextStep(reason: string): string {
  if (CERTIFICATE_TROUBLE.test(reason)) {
    return 'the certificate authority of kubeconfig is not the one of this cluster';
  }
  if (/\b(ENOENT|EACCES)\b/.test(reason)) {
    return 'kubeconfig names a file or a credential plugin that cannot be used here';
  }
  return 'check kubeconfig, and that the cluster can be reached from here';
}

/**
 * What became of a question, in words.
 *
 * @param secrets what was sent, or lies in kubeconfig, and must not be shown
 * @returns `KEY_NOT_FOUND`, `KEY_FORBIDDEN`, `KEY_EXISTS` or `KEY_SERVICE_FAILED`
 */
export function clusterFailure(
  question: ClusterRequest,
  error: unknown,
  secrets: readonly string[],
): SignedImageError {
  const status = statusOf(error);
  if (status !== undefined) {
    // The client's own error prints headers and bodies, so it is not kept as the cause.
    const said = statusText((error as { body?: unknown }).body) ?? 'no reason given';
    return answered(question, status, redactText(said, secrets));
  }
  const { server, secret } = question;
  const reason = redactText(networkReason(error), secrets);
  return new SignedImageError({
    code: 'KEY_SERVICE_FAILED',
    message: `the cluster ${server} cannot be asked for the secret ${secret.namespace}/${secret.name} (${reason.trim()}); ${nextStep(reason)}`,
    cause: redactSecrets(error, secrets),
  });
}
