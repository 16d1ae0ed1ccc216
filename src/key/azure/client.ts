import { optionalPackage } from '../../host/optional-package';
import type { KeyHost } from '../backend';
import type { AzureKeyReference } from './reference';

const loadIdentity = () => import('@azure/identity');
const loadKeys = () => import('@azure/keyvault-keys');

// Both packages exist as ES and as CommonJS modules with separate types: these are the types of the loaded one.
type Identity = Awaited<ReturnType<typeof loadIdentity>>;
type Sdk = Awaited<ReturnType<typeof loadKeys>>;
type KeyClient = InstanceType<Sdk['KeyClient']>;
type Credential = ConstructorParameters<Sdk['KeyClient']>[1];
type Network = Pick<
  NonNullable<ConstructorParameters<Sdk['KeyClient']>[2]>,
  'proxyOptions' | 'retryOptions'
>;
type Env = KeyHost['env'];

/** A key as Key Vault returns it. */
export type VaultKey = Awaited<ReturnType<KeyClient['getKey']>>;

const USED_FOR = 'keys in Azure Key Vault (azurekms://)';

export interface AzureConnection {
  readonly keys: KeyClient;
  /** Returns a client for one version of a key, by its id. */
  signerOf(keyId: string): InstanceType<Sdk['CryptographyClient']>;
}

/** Uses cosign's names for the clouds. */
function authorityOf(env: Env, { AzureAuthorityHosts }: Identity): string {
  switch (env['AZURE_ENVIRONMENT']) {
    case 'AZUREUSGOVERNMENT':
    case 'AZUREUSGOVERNMENTCLOUD':
      return AzureAuthorityHosts.AzureGovernment;
    case 'AZURECHINACLOUD':
      return AzureAuthorityHosts.AzureChina;
    case 'AZURECLOUD':
    case 'AZUREPUBLICCLOUD':
      return AzureAuthorityHosts.AzurePublicCloud;
    default:
      return env['AZURE_AUTHORITY_HOST'] || AzureAuthorityHosts.AzurePublicCloud;
  }
}

function networkOf(env: Env): Network {
  const proxy = env['HTTPS_PROXY'] || env['https_proxy'];
  const retryOptions = { maxRetries: 3, retryDelayInMs: 500, maxRetryDelayInMs: 8000 };
  if (!proxy || !URL.canParse(proxy)) return { retryOptions };
  const { protocol, hostname, port, username, password } = new URL(proxy);
  return {
    retryOptions,
    proxyOptions: {
      host: `${protocol}//${hostname}`,
      port: Number(port) || (protocol === 'https:' ? 443 : 80),
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    },
  };
}

/**
 * Returns the credential from the environment in the SDK's own order: secret, certificate, federated
 * token (these are its `EnvironmentCredential` and `WorkloadIdentityCredential`), else the SDK's
 * default credential.
 */
function credentialOf(env: Env, identity: Identity, network: Network): Credential {
  const options = {
    ...network,
    authorityHost: authorityOf(env, identity),
    additionallyAllowedTenants:
      env['AZURE_ADDITIONALLY_ALLOWED_TENANTS']?.split(';').filter((tenant) => tenant !== '') ?? [],
  };
  const [tenantId, clientId] = [env['AZURE_TENANT_ID'], env['AZURE_CLIENT_ID']];
  const secret = env['AZURE_CLIENT_SECRET'];
  const certificatePath = env['AZURE_CLIENT_CERTIFICATE_PATH'];
  const tokenFilePath = env['AZURE_FEDERATED_TOKEN_FILE'];
  if (tenantId && clientId && secret) {
    return new identity.ClientSecretCredential(tenantId, clientId, secret, options);
  }
  if (tenantId && clientId && certificatePath) {
    const certificatePassword = env['AZURE_CLIENT_CERTIFICATE_PASSWORD'];
    return new identity.ClientCertificateCredential(
      tenantId,
      clientId,
      { certificatePath, ...(certificatePassword ? { certificatePassword } : {}) },
      {
        ...options,
        sendCertificateChain: ['1', 'true'].includes(
          env['AZURE_CLIENT_SEND_CERTIFICATE_CHAIN'] ?? '',
        ),
      },
    );
  }
  if (tenantId && clientId && tokenFilePath) {
    return new identity.WorkloadIdentityCredential({
      ...options,
      tenantId,
      clientId,
      tokenFilePath,
    });
  }
  const { authorityHost, additionallyAllowedTenants } = options;
  return new identity.DefaultAzureCredential({ authorityHost, additionallyAllowedTenants });
}

/**
 * Loads the SDKs, without sending a request.
 *
 * @throws SignedImageError `PACKAGE_MISSING`
 */
export async function connectAzure(
  { vaultUrl }: AzureKeyReference,
  { env }: KeyHost,
): Promise<AzureConnection> {
  const identity = await optionalPackage('@azure/identity', USED_FOR, loadIdentity);
  const sdk = await optionalPackage('@azure/keyvault-keys', USED_FOR, loadKeys);
  const network = networkOf(env);
  const credential = credentialOf(env, identity, network);
  return {
    keys: new sdk.KeyClient(vaultUrl, credential, network),
    signerOf: (keyId) => new sdk.CryptographyClient(keyId, credential, network),
  };
}

/** Returns the secrets in the requests, which an error might quote. */
export function azureSecrets({ env }: KeyHost): readonly string[] {
  const proxy = env['HTTPS_PROXY'] || env['https_proxy'];
  return [
    env['AZURE_CLIENT_SECRET'],
    env['AZURE_CLIENT_CERTIFICATE_PASSWORD'],
    proxy && URL.canParse(proxy) ? decodeURIComponent(new URL(proxy).password) : undefined,
  ].filter((secret) => secret !== undefined && secret !== '') as string[];
}
