import { SignedImageError } from '../../error';
import { publicKeyOf } from '../public-key';
import type { GeneratedKey, KeyHost } from '../backend';
import { type AzureConnection, azureSecrets, connectAzure } from './client';
import { azureFailure, httpStatusOf } from './failure';
import { azureDescription, openAzureKey } from './backend';
import { type AzureKeyReference, parseAzureReference } from './reference';

function exists(message: string, cause?: unknown): SignedImageError {
  return new SignedImageError({ code: 'KEY_EXISTS', message, cause });
}

/** Checked first: creating a key with an existing name would create a new version of it. */
async function rejectExisting(
  { keys }: AzureConnection,
  { name }: AzureKeyReference,
  description: string,
  secrets: readonly string[],
): Promise<void> {
  try {
    await keys.getKey(name);
  } catch (error) {
    if (httpStatusOf(error) === 404) return;
    const failure = azureFailure(description, 'keys/read', error, secrets);
    // A disabled or expired key exists nevertheless.
    if (failure.code !== 'KEY_UNSUPPORTED') throw failure;
  }
  throw exists(
    `${description} already exists and is left unchanged; sign with it, or choose another name`,
  );
}

async function createKey(
  { keys }: AzureConnection,
  { name }: AzureKeyReference,
  description: string,
  secrets: readonly string[],
): Promise<void> {
  try {
    await keys.createKey(name, 'EC', {
      curve: 'P-256',
      keyOps: ['sign', 'verify'],
      enabled: true,
      tags: { use: 'sigstore' },
    });
  } catch (error) {
    const failure = azureFailure(description, 'keys/create', error, secrets);
    if (httpStatusOf(error) !== 409) throw failure;
    throw exists(
      `${description} was deleted and can still be recovered, so its name is taken; recover it (\`az keyvault key recover\`), or choose another name`,
      failure.cause,
    );
  }
}

/**
 * Creates an ECDSA P-256 key, as `cosign generate-key-pair --kms azurekms://VAULT/KEY`.
 *
 * @throws SignedImageError as `KeySource.generate`
 */
export async function generateAzureKey(ref: string, host: KeyHost): Promise<GeneratedKey> {
  const reference = parseAzureReference(ref);
  if (reference.version !== undefined) {
    throw new SignedImageError({
      code: 'KEY_REFERENCE_INVALID',
      message: 'Azure chooses the version of a new key; remove it from the reference',
    });
  }
  const description = azureDescription(reference);
  const secrets = azureSecrets(host);
  const connection = await connectAzure(reference, host);
  await rejectExisting(connection, reference, description, secrets);
  await createKey(connection, reference, description, secrets);
  const { publicKey } = await openAzureKey(connection, reference, host);
  return {
    publicKey: publicKeyOf(publicKey).pem,
    summary: `Created ${description} (ECDSA P-256).`,
  };
}
