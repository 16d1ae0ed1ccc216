import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';

import type * as pkcs11js from 'pkcs11js';

import { SignedImageError } from '../../error';
import { optionalPackage } from '../../host/optional-package';
import { CKF, CKR } from './cryptoki-constants';
import { returnValueOf } from './cryptoki-failure';

const PACKAGE = 'pkcs11js';

/** Not `import()`, which does not search NODE_PATH, where a package compiled for this machine may be. */
const load = createRequire(__filename);

async function loadPackage(): Promise<typeof pkcs11js> {
  try {
    return await optionalPackage(
      PACKAGE,
      'keys in PKCS#11 tokens (pkcs11:)',
      async () => load(PACKAGE) as typeof pkcs11js,
    );
  } catch (error) {
    const { message = '' } = ((error as Error).cause ?? {}) as { message?: string };
    if (!message.includes('pkcs11.node')) throw error;
    // npm runs install scripts only of allowed packages, and this one has to be compiled.
    throw new SignedImageError({
      code: 'PACKAGE_MISSING',
      message: `the package ${PACKAGE} is installed but was not compiled; run \`npm rebuild ${PACKAGE} --ignore-scripts=false\` (it needs a C++ compiler)`,
      cause: error,
    });
  }
}

async function checkPath(path: string): Promise<void> {
  const fault = await stat(path).then(
    (file) => (file.isFile() ? undefined : 'is not a file'),
    ({ code }: NodeJS.ErrnoException) =>
      code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`,
  );
  if (fault === undefined) return;
  throw new SignedImageError({
    code: 'KEY_SERVICE_FAILED',
    message: `the PKCS#11 module ${path} ${fault}; module-path or COSIGN_PKCS11_MODULE_PATH must be the absolute path of the token's library`,
  });
}

const libraries = new Map<string, pkcs11js.PKCS11>();

/** Libraries are never unloaded: some have threads of their own, which unloading would break. */
async function libraryAt(path: string): Promise<pkcs11js.PKCS11> {
  const known = libraries.get(path);
  if (known !== undefined) return known;
  const { PKCS11 } = await loadPackage();
  await checkPath(path);
  const library = new PKCS11();
  try {
    library.load(path);
  } catch {
    throw new SignedImageError({
      code: 'KEY_SERVICE_FAILED',
      message: `the PKCS#11 module ${path} cannot be loaded: it is not a library for this machine, or a library that it needs is missing`,
    });
  }
  libraries.set(path, library);
  return library;
}

/** Returns whether we have to finalize the module: other code in this process may use it, too. */
function initialize(library: pkcs11js.PKCS11): boolean {
  try {
    // A signature is made on another thread.
    library.C_Initialize({ flags: CKF.OS_LOCKING_OK });
    return true;
  } catch (error) {
    if (returnValueOf(error) === CKR.CRYPTOKI_ALREADY_INITIALIZED) return false;
    throw error;
  }
}

const queues = new Map<string, Promise<unknown>>();

async function withInitialized<T>(
  path: string,
  action: (library: pkcs11js.PKCS11) => Promise<T>,
): Promise<T> {
  const library = await libraryAt(path);
  const finalize = initialize(library);
  try {
    return await action(library);
  } finally {
    if (finalize) library.C_Finalize();
  }
}

/**
 * Runs an action with a module, one at a time: a token has one login for the whole process, and cards
 * accept one caller. Nothing stays open or logged in, and newly plugged-in tokens are found.
 *
 * @throws SignedImageError `PACKAGE_MISSING`, `KEY_SERVICE_FAILED`; and the errors of `action` and the module
 */
export function withCryptoki<T>(
  path: string,
  action: (library: pkcs11js.PKCS11) => Promise<T>,
): Promise<T> {
  const turn = (queues.get(path) ?? Promise.resolve()).then(() => withInitialized(path, action));
  const settled = turn.catch(() => undefined);
  queues.set(path, settled);
  return turn;
}
