import { asSignedImageError, SignedImageError } from '../../error';
import { parseKeyReference } from '../key-reference';
import { KEY_SOURCES } from '../key-sources';
import type { KeyHost, KeySource } from '../backend';
import { makeCosignPair } from './cosign-pair';
import { type KeyFiles, localKeyFiles } from './key-files';

/** What is to be made, and where. */
export interface KeyGeneration {
  /** A reference of one of the key sources. Default: a pair of files. */
  readonly ref?: string | undefined;
  /** What the names of the files begin with: `cosign` gives `cosign.key` and `cosign.pub`. */
  readonly outputPrefix: string;
  /** Asked for only where a private key is stored as text, after all that can be checked before. */
  readonly password: () => Promise<string>;
}

/** The public half is for everybody. */
const PUBLIC_MODE = 0o644;
const PRIVATE_MODE = 0o600;

type Maker = Required<Pick<KeySource, 'generate'>> & KeySource;

/** The source that makes keys for this reference. */
function makerOf(ref: string): Maker {
  const source = KEY_SOURCES.find(({ prefixes }) =>
    prefixes.some((prefix) => ref.startsWith(prefix)),
  );
  if (source === undefined) {
    // Says what is wrong with a reference that is none, and why GitHub is no place for keys.
    parseKeyReference(ref);
    throw new SignedImageError({
      code: 'KEY_REFERENCE_INVALID',
      message:
        'a key can be made in files (without a reference, by --output-key-prefix) or in ' +
        KEY_SOURCES.filter(makesKeys)
          .map(({ example }) => example)
          .join(', '),
    });
  }
  if (!makesKeys(source)) {
    throw new SignedImageError({
      code: 'KEY_UNSUPPORTED',
      message: `no key is made for ${source.example}: make it with the tools of that place, and use it by its reference`,
    });
  }
  return source;
}

function makesKeys(source: KeySource): source is Maker {
  return source.generate !== undefined;
}

async function makeFiles(
  { outputPrefix, password }: KeyGeneration,
  files: KeyFiles,
): Promise<string[]> {
  const [keyPath, pubPath] = [`${outputPrefix}.key`, `${outputPrefix}.pub`];
  for (const path of [keyPath, pubPath]) await files.expectNew(path);
  const { privateKey, publicKey } = await makeCosignPair(await password());
  await files.write({ path: keyPath, text: privateKey, mode: PRIVATE_MODE });
  try {
    await files.write({ path: pubPath, text: publicKey, mode: PUBLIC_MODE });
  } catch (error) {
    await files.remove(keyPath);
    throw error;
  }
  return [`Private key written to ${keyPath}`, `Public key written to ${pubPath}`];
}

/** What is made in a service is not taken back: so the file is looked at before, and its loss is no loss. */
async function makeInSource(
  ref: string,
  { outputPrefix, password }: KeyGeneration,
  host: KeyHost,
  files: KeyFiles,
): Promise<string[]> {
  const maker = makerOf(ref);
  const isText = maker.parse(ref).kind === 'stored';
  const path = `${outputPrefix}.pub`;
  await files.expectNew(path);
  const request = isText ? { password: await password() } : {};
  const { publicKey, summary: said } = await maker.generate(ref, request, host);
  try {
    await files.write({ path, text: publicKey, mode: PUBLIC_MODE });
  } catch (error) {
    const known = asSignedImageError(error, { code: 'INPUT_INVALID', message: 'not written' });
    throw new SignedImageError({
      code: known.code,
      message: `${said}. Only its public half is not beside it: ${known.message}. \`signed-image keys public --key REF\` prints it`,
      cause: known.cause,
    });
  }
  return [said, `Public key written to ${path}`];
}

/**
 * Makes a signing key, as `cosign generate-key-pair` does, and overwrites nothing.
 *
 * @returns what was made, in sentences for the user; they hold no secret
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
    ? makeFiles(generation, files)
    : makeInSource(ref, generation, host, files);
}
