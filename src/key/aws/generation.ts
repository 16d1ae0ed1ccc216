import { SignedImageError } from '../../error';
import { publicKeyOf } from '../public-key';
import type { GeneratedKey, KeyHost } from '../backend';
import { type AwsConnection, connectAws } from './client';
import { awsFailure } from './failure';
import { descriptionOf, fetchAwsPublicKey } from './backend';
import { type AwsKeyReference, parseAwsReference } from './reference';

/** The shortest waiting period that KMS allows. */
const DELETION_DAYS = 7;

function exists(description: string, cause?: unknown): SignedImageError {
  return new SignedImageError({
    code: 'KEY_EXISTS',
    message: `${description} already exists and is left unchanged; sign with it, or choose another alias`,
    cause,
  });
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

/** `DescribeKey` succeeds in every state of the key: a disabled key exists, too. */
async function rejectExisting(
  { sdk, client }: AwsConnection,
  { keyId }: AwsKeyReference,
  description: string,
): Promise<void> {
  try {
    await client.send(new sdk.DescribeKeyCommand({ KeyId: keyId }));
  } catch (error) {
    if (nameOf(error) === 'NotFoundException') return;
    throw await awsFailure(description, 'kms:DescribeKey', error, client);
  }
  throw exists(description);
}

async function createKey({ sdk, client }: AwsConnection, description: string): Promise<string> {
  try {
    const { KeyMetadata } = await client.send(
      new sdk.CreateKeyCommand({
        KeySpec: 'ECC_NIST_P256',
        KeyUsage: 'SIGN_VERIFY',
        Description: 'Signs container images; created by signed-image keys generate',
      }),
    );
    return KeyMetadata?.KeyId ?? '';
  } catch (error) {
    throw await awsFailure(description, 'kms:CreateKey', error, client);
  }
}

/** A key without its alias cannot be found again, so its deletion is scheduled. */
async function scheduleDeletion({ sdk, client }: AwsConnection, keyId: string): Promise<string> {
  try {
    await client.send(
      new sdk.ScheduleKeyDeletionCommand({ KeyId: keyId, PendingWindowInDays: DELETION_DAYS }),
    );
    return `the new key ${keyId} will be deleted in ${DELETION_DAYS} days`;
  } catch {
    return `the new key ${keyId} is left without an alias: delete it with \`aws kms schedule-key-deletion --key-id ${keyId}\``;
  }
}

async function createAlias(
  connection: AwsConnection,
  alias: string,
  keyId: string,
  description: string,
): Promise<void> {
  const { sdk, client } = connection;
  try {
    await client.send(new sdk.CreateAliasCommand({ AliasName: alias, TargetKeyId: keyId }));
  } catch (error) {
    const cleanup = await scheduleDeletion(connection, keyId);
    const failure =
      nameOf(error) === 'AlreadyExistsException'
        ? exists(description, error)
        : await awsFailure(description, 'kms:CreateAlias', error, client);
    throw new SignedImageError({
      code: failure.code,
      message: `${failure.message}; ${cleanup}`,
      cause: failure.cause,
    });
  }
}

/**
 * Creates an ECDSA P-256 key with an alias, as `cosign generate-key-pair --kms awskms:///alias/NAME`.
 *
 * @throws SignedImageError as `KeySource.generate`
 */
export async function generateAwsKey(ref: string, host: KeyHost): Promise<GeneratedKey> {
  const reference = parseAwsReference(ref);
  const { alias } = reference;
  if (alias === undefined) {
    throw new SignedImageError({
      code: 'KEY_REFERENCE_INVALID',
      message:
        'a new key needs an alias, as AWS chooses its id: give awskms:///alias/NAME, with a name of your choice',
    });
  }
  const description = descriptionOf(reference);
  const connection = await connectAws(reference, host);
  await rejectExisting(connection, reference, description);
  const keyId = await createKey(connection, description);
  await createAlias(connection, alias, keyId, description);
  const { publicKey } = await fetchAwsPublicKey(connection, reference);
  return {
    publicKey: publicKeyOf(publicKey).pem,
    summary: `Created ${description} (ECDSA P-256, key id ${keyId}).`,
  };
}
