import { asSignedImageError, SignedImageError } from '../../error';
import { parseKeyReference } from '../key-reference';
import { KEY_SOURCES } from '../key-sources';
import type { KeyHost, KeySource } from '../backend';
import { createCosignPair } from './cosign-pair';
import { type KeyFiles, localKeyFiles } from './key-files';

/** The key to generate, and where to store it. */
export interface KeyGeneration {
  /** A reference of one of the key sources. Default: a pair of files. */
  readonly ref?: string | undefined;
  /** The prefix of the file names: `cosign` results in `cosign.key` and `cosign.pub`. */
  readonly outputPrefix: string;
  /** Called only where a private key is stored as text, after all other checks. */
  readonly password: () => Promise<string>;
}

/** The public key is readable by all users. */
const PUBLIC_MODE = 0o644;
const PRIVATE_MODE = 0o600;

type GeneratingSource = Required<Pick<KeySource, 'generate'>> & KeySource;

/** Returns the source that generates keys for this reference. */
function generatingSourceOf(ref: string): GeneratingSource {
  const source = KEY_SOURCES.find(({ prefixes }) =>
    prefixes.some((prefix) => ref.startsWith(prefix)),
  );
  if (source === undefined) {
    // Throws the specific error for an invalid reference, and for github://.
    parseKeyReference(ref);
    throw new SignedImageError({
      code: 'KEY_REFERENCE_INVALID',
      message:
        'a key can be generated in files (without a reference, with --output-key-prefix) or in ' +
        KEY_SOURCES.filter(isGeneratingSource)
          .map(({ example }) => example)
          .join(', '),
    });
  }
  if (!isGeneratingSource(source)) {
    throw new SignedImageError({
      code: 'KEY_UNSUPPORTED',
      message: `keys at ${source.example} cannot be generated here: create the key with the tools of that backend, then use its reference`,
    });
  }
  return source;
}

function isGeneratingSource(source: KeySource): source is GeneratingSource {
  return source.generate !== undefined;
}

async function generateFiles(
  { outputPrefix, password }: KeyGeneration,
  files: KeyFiles,
): Promise<string[]> {
  const [keyPath, pubPath] = [`${outputPrefix}.key`, `${outputPrefix}.pub`];
  for (const path of [keyPath, pubPath]) await files.expectNew(path);
  const { privateKey, publicKey } = await createCosignPair(await password());
  await files.write({ path: keyPath, text: privateKey, mode: PRIVATE_MODE });
  try {
    await files.write({ path: pubPath, text: publicKey, mode: PUBLIC_MODE });
  } catch (error) {
    await files.remove(keyPath);
    throw error;
  }
  return [`Private key written to ${keyPath}`, `Public key written to ${pubPath}`];
}

/** A key created in a service is not deleted again: so the file is checked before, and a failed write only reported. */
async function generateInSource(
  ref: string,
  { outputPrefix, password }: KeyGeneration,
  host: KeyHost,
  files: KeyFiles,
): Promise<string[]> {
  const source = generatingSourceOf(ref);
  const isText = source.parse(ref).kind === 'stored';
  const path = `${outputPrefix}.pub`;
  await files.expectNew(path);
  const request = isText ? { password: await password() } : {};
  const { publicKey, summary } = await source.generate(ref, request, host);
  try {
    await files.write({ path, text: publicKey, mode: PUBLIC_MODE });
  } catch (error) {
    const known = asSignedImageError(error, { code: 'INPUT_INVALID', message: 'not written' });
    throw new SignedImageError({
      code: known.code,
      message: `${summary}. Only the file with its public key was not written: ${known.message}. \`signed-image keys public --key REF\` prints the public key`,
      cause: known.cause,
    });
  }
  return [summary, `Public key written to ${path}`];
}

/**
 * Generates a signing key, as `cosign generate-key-pair` does, and overwrites nothing.
 *
 * @returns sentences for the user about what was created; they contain no secret
 * @throws SignedImageError `KEY_EXISTS`, `KEY_REFERENCE_INVALID`, `KEY_UNSUPPORTED`, `KEY_FORBIDDEN`,
 *   `KEY_SERVICE_FAILED`, `KEY_NOT_FOUND`, `PACKAGE_MISSING`, `INPUT_INVALID`
 */
export function generateKey(
  generation: KeyGeneration,
  host: KeyHost,
  files: KeyFiles = localKeyFiles(),
): Promise<readonly string[]> {
  const ref = generation.ref?.trim();
  return ref === undefined
    ? generateFiles(generation, files)
    : generateInSource(ref, generation, host, files);
}
