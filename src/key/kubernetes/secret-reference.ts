import { SignedImageError } from '../../error';

export const KUBERNETES_PREFIX = 'k8s://';
export const KUBERNETES_EXAMPLE = 'k8s://NAMESPACE/SECRET';

/** A secret in the cluster that kubeconfig selects. */
export interface SecretReference {
  readonly namespace: string;
  readonly name: string;
}

// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#names
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/**
 * Parses `k8s://namespace/secret`, as cosign does.
 *
 * @throws SignedImageError `KEY_REFERENCE_INVALID`
 */
export function parseSecretReference(ref: string): SecretReference {
  const [namespace = '', name = '', ...more] = ref.slice(KUBERNETES_PREFIX.length).split('/');
  if (more.length === 0 && LABEL.test(namespace) && SUBDOMAIN.test(name)) {
    return { namespace, name };
  }
  throw new SignedImageError({
    code: 'KEY_REFERENCE_INVALID',
    message:
      `a key in Kubernetes is referenced as ${KUBERNETES_EXAMPLE}: two names of lower-case letters, ` +
      'digits and dashes, as in k8s://build/cosign',
  });
}
