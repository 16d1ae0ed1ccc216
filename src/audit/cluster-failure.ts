import { SignedImageError } from '../error';
import { redactSecrets, redactText } from '../error/redaction';
import { networkReason, nextStep, statusOf, statusText } from '../key/kubernetes';

function unreadable(message: string, cause?: unknown): SignedImageError {
  return new SignedImageError({ code: 'CLUSTER_UNREADABLE', message, cause });
}

/** Any error of the client library as one of ours, without what kubeconfig keeps secret. */
export function podListFailure(
  server: string,
  namespace: string | undefined,
  error: unknown,
  secrets: readonly string[],
): SignedImageError {
  if (error instanceof SignedImageError) return error;
  const where = namespace === undefined ? 'all namespaces' : `the namespace ${namespace}`;
  const status = statusOf(error);
  if (status === undefined) {
    const reason = redactText(networkReason(error), secrets);
    return unreadable(
      `the cluster ${server} cannot be asked for the pods of ${where} (${reason.trim()}); ${nextStep(reason)}`,
      redactSecrets(error, secrets),
    );
  }
  // The client's own error prints headers and bodies, so it is not kept as the cause.
  const said = redactText(
    statusText((error as { readonly body?: unknown }).body) ?? 'no reason given',
    secrets,
  );
  if (status === 401) {
    return unreadable(
      `the cluster ${server} does not take the credentials of kubeconfig (HTTP 401): they are expired or of another cluster; sign in again and see that \`kubectl auth whoami\` works`,
    );
  }
  if (status === 403) {
    return unreadable(
      `the cluster ${server} does not allow to list the pods of ${where} (${said}); bind the role of \`signed-image audit rbac\` to this user`,
    );
  }
  return unreadable(
    `the cluster ${server} answered HTTP ${status} to the list of the pods of ${where} (${said}); run again`,
  );
}
