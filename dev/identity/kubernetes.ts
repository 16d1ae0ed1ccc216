import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type IdentityDouble, stillDouble, type TokenMint } from './double';

/** A pod's service account: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/ */
const ACCOUNT = {
  sub: 'system:serviceaccount:ci:signer',
  'kubernetes.io': {
    namespace: 'ci',
    node: { name: 'node-1', uid: '646e7c5e-32d6-4d42-9dbd-e504e6cbe6b1' },
    pod: { name: 'deploy-7xk2p', uid: '49ad3572-b3dd-43a6-8d77-5858d3660275' },
    serviceaccount: { name: 'signer', uid: 'f5720c1d-e152-4356-a897-11b07aff165d' },
  },
} as const;

/** A projected token in a file, as a kubelet writes it. */
export interface KubernetesDouble extends IdentityDouble {
  readonly tokenFile: string;
  /** Replaces the token, as a kubelet does long before it expires. */
  renew(expiresIn?: number): Promise<string>;
}

export async function kubernetesPod(
  mint: TokenMint,
  audience = 'sigstore',
): Promise<KubernetesDouble> {
  const folder = await mkdtemp(join(tmpdir(), 'signed-image-pod-'));
  const tokenFile = join(folder, 'oidc-token');
  const issuer = `${mint.url}/cluster`;
  const renew = async (expiresIn = 3600): Promise<string> => {
    const claims = { ...ACCOUNT, iss: issuer, aud: [audience] };
    const token = mint.token({ claims, expiresIn });
    await writeFile(tokenFile, token);
    return token;
  };
  await renew();
  return {
    ...stillDouble(
      { KUBERNETES_SERVICE_HOST: '127.0.0.1' },
      { identity: 'https://kubernetes.io/namespaces/ci/serviceaccounts/signer', issuer },
    ),
    tokenFile,
    renew,
    stop: () => rm(folder, { recursive: true, force: true }),
  };
}
