import { SignedImageError } from '../../error';

/** Where a key is, parsed from `key.ref`. Grammar: cosign's key references. */
export type KeyReference =
  | { readonly scheme: 'pem'; readonly pem: string }
  | { readonly scheme: 'path'; readonly path: string }
  | { readonly scheme: 'env'; readonly name: string };

/** Key sources that cosign has and this version has not. */
const NOT_READ = [
  'k8s://',
  'awskms://',
  'gcpkms://',
  'azurekms://',
  'hashivault://',
  'openbao://',
  'gitlab://',
  'http://',
  'https://',
  'pkcs11:',
] as const;

const GITHUB = 'github://';
const ENV = 'env://';
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Base64 of a PEM text, or of a DER key: would otherwise be taken, and printed, as a path. */
const ENCODED_KEY = /^(LS0tLS1CRUdJTi|M[A-P])[A-Za-z0-9+/=_-]{60,}$/;

function invalid(message: string): SignedImageError {
  return new SignedImageError({ code: 'KEY_REFERENCE_INVALID', message });
}

function parseEnvironment(name: string): KeyReference {
  if (!ENV_NAME.test(name)) {
    throw invalid(
      'env:// needs the name of an environment variable, as in env://COSIGN_PRIVATE_KEY',
    );
  }
  return { scheme: 'env', name };
}

function refuseForeignScheme(ref: string): void {
  if (ref.startsWith(GITHUB)) {
    throw invalid(
      'github:// cannot be read: GitHub never returns secrets. Hand the Actions secret ' +
        'COSIGN_PRIVATE_KEY to the workflow step as an environment variable and use env://COSIGN_PRIVATE_KEY',
    );
  }
  const notRead = NOT_READ.find((scheme) => ref.startsWith(scheme));
  if (notRead !== undefined) {
    throw invalid(
      `${notRead} is a key source of cosign that this version does not read yet; ` +
        'use a path, PEM text or env://',
    );
  }
  const unknown = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(ref)?.[1];
  if (unknown !== undefined) {
    throw invalid(
      `${unknown}:// is no known key source; known are a path, PEM text and env://NAME ` +
        `(of cosign's others, not read yet: ${NOT_READ.join(', ')})`,
    );
  }
}

/**
 * Parses a key reference: PEM text, `env://NAME`, or else a path.
 *
 * @throws SignedImageError `KEY_REFERENCE_INVALID`; it never repeats what may be key material.
 */
export function parseKeyReference(ref: string): KeyReference {
  const trimmed = ref.trim();
  if (trimmed === '') throw invalid('the key reference is empty');
  if (trimmed.includes('-----BEGIN ')) return { scheme: 'pem', pem: trimmed };
  if (trimmed.startsWith(ENV)) return parseEnvironment(trimmed.slice(ENV.length));
  refuseForeignScheme(trimmed);
  if (ENCODED_KEY.test(trimmed)) {
    throw invalid(
      'this looks like a base64-encoded key; give the PEM text itself, a path or env://NAME',
    );
  }
  if (/[\r\n\0]/.test(trimmed)) {
    throw invalid('this is neither PEM text (-----BEGIN ...) nor a path');
  }
  return { scheme: 'path', path: trimmed };
}

/** The reference in words that may be shown. */
export function describeKeyReference(reference: KeyReference): string {
  switch (reference.scheme) {
    case 'pem':
      return 'the PEM text';
    case 'path':
      return `the file ${reference.path}`;
    case 'env':
      return `the environment variable ${reference.name}`;
  }
}
