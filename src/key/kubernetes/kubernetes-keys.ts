import { SignedImageError } from '../../error';
import { createCosignPair } from '../generation/cosign-pair';
import type { KeyHost, KeySource, StoredKey } from '../backend';
import { openSecretClient, type SecretClientOptions, type SecretData } from './secret-client';
import {
  KUBERNETES_EXAMPLE,
  KUBERNETES_PREFIX,
  parseSecretReference,
  type SecretReference,
} from './secret-reference';

/** The keys of the secret's data, as cosign names them. */
const PRIVATE = 'cosign.key';
const PASSWORD = 'cosign.password';
const PUBLIC = 'cosign.pub';

function describe({ namespace, name }: SecretReference): string {
  return `the Kubernetes secret ${namespace}/${name}`;
}

function memberOf(data: SecretData, member: string, secret: SecretReference): string {
  const value = data[member];
  if (value !== undefined && value.length > 0) return value.toString('utf8');
  const members = Object.keys(data);
  throw new SignedImageError({
    code: 'KEY_NOT_FOUND',
    message:
      `${describe(secret)} has no ${member}; ` +
      (members.length === 0 ? 'it is empty' : `it has ${members.join(', ')}`) +
      `. cosign stores a key in ${PRIVATE}, ${PASSWORD} and ${PUBLIC}`,
  });
}

/** Returns the backend of a cosign key pair in a secret. */
export function kubernetesKey(
  secret: SecretReference,
  options: SecretClientOptions = {},
): StoredKey {
  const read = async (host: KeyHost): Promise<SecretData> => {
    const client = await openSecretClient(host, options);
    return client.read(secret);
  };
  return {
    kind: 'stored',
    description: describe(secret),
    remote: true,
    readPrivateKey: async (host) => {
      const data = await read(host);
      return {
        pem: memberOf(data, PRIVATE, secret),
        password: data[PASSWORD]?.toString('utf8'),
      };
    },
    readPublicKey: async (host) => memberOf(await read(host), PUBLIC, secret),
  };
}

/** `k8s://namespace/secret`. */
export const kubernetesKeys: KeySource = {
  prefixes: [KUBERNETES_PREFIX],
  example: KUBERNETES_EXAMPLE,
  parse: (ref) => kubernetesKey(parseSecretReference(ref)),
  generate: async (ref, { password = '' }, host) => {
    const secret = parseSecretReference(ref);
    const client = await openSecretClient(host);
    const { privateKey, publicKey } = await createCosignPair(password);
    await client.create(secret, {
      [PRIVATE]: privateKey,
      [PASSWORD]: password,
      [PUBLIC]: publicKey,
    });
    return {
      publicKey,
      summary: `The private key, its password and the public key are in ${describe(secret)} of the cluster ${client.server}`,
    };
  },
};
