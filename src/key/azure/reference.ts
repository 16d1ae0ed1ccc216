import { SignedImageError } from '../../error';

/** A key in Azure Key Vault or a managed HSM, as cosign refers to it. */
export interface AzureKeyReference {
  /** The complete reference; it contains no secret. */
  readonly ref: string;
  /** `https://NAME.vault.azure.net` */
  readonly vaultUrl: string;
  readonly name: string;
  /** Default: the newest version. */
  readonly version: string | undefined;
}

export const AZURE_PREFIX = 'azurekms://';
export const AZURE_EXAMPLE = 'azurekms://VAULT.vault.azure.net/KEY';

/** A key's name: https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates */
const REFERENCE =
  /^azurekms:\/\/([A-Za-z0-9.-]+(?::\d{1,5})?)\/([A-Za-z0-9-]{1,127})(?:\/([a-z0-9]*))?$/;

/** @throws SignedImageError `KEY_REFERENCE_INVALID` */
export function parseAzureReference(ref: string): AzureKeyReference {
  const [, vault, name, version] = REFERENCE.exec(ref) ?? [];
  if (vault === undefined || name === undefined) {
    throw new SignedImageError({
      code: 'KEY_REFERENCE_INVALID',
      message: `azurekms:// needs the vault's host and the key's name, as in ${AZURE_EXAMPLE}, with /VERSION for one version`,
    });
  }
  return { ref, vaultUrl: `https://${vault}`, name, version: version || undefined };
}
