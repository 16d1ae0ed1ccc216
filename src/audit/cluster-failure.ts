import { SignedImageError } from '../error';
import { redactSecrets, redactText } from '../error/redaction';
import { networkReason, nextStep, statusOf, statusText } from '../key/kubernetes';

function unreadable(message: string, cause?: unknown): SignedImageError {
  return new SignedImageError({ code: 'CLUSTER_UNREADABLE', message, cause });
}

/** Converts an error of the client library, without secrets from kubeconfig. */
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
      `the request to cluster ${server} to list the pods of ${where} failed (${reason.trim()}); ${nextStep(reason)}`,
      redactSecrets(error, secrets),
    );
  }
  // The client's own error prints headers and bodies, so it is not kept as the cause.
  const detail = redactText(
    statusText((error as { readonly body?: unknown }).body) ?? 'no reason given',
    secrets,
  );
  if (status === 401) {
    return unreadable(
      `cluster ${server} rejected the credentials of kubeconfig (HTTP 401): they are expired or belong to another cluster; sign in again and check that \`kubectl auth whoami\` works`,
    );
  }
  if (status === 403) {
    return unreadable(
      `cluster ${server} denied listing the pods of ${where} (${detail}); bind the role of \`signed-image audit rbac\` to this user`,
    );
  }
  return unreadable(
    `cluster ${server} returned HTTP ${status} for the list of pods of ${where} (${detail}); run the audit again`,
  );
}
