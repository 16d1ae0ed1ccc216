import { SignedImageError } from '../error';
import { KEY_SOURCES } from './key-sources';
import { environmentKey, fileKey, type KeyBackend, pemTextKey } from './backend';

const GITHUB = 'github://';
const ENV = 'env://';
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Base64 of a PEM text or of a DER key, which would otherwise be treated, and printed, as a path. */
const ENCODED_KEY = /^(LS0tLS1CRUdJTi|M[A-P])[A-Za-z0-9+/=_-]{60,}$/;

function invalid(message: string): SignedImageError {
  return new SignedImageError({ code: 'KEY_REFERENCE_INVALID', message });
}

function parseEnvironment(name: string): KeyBackend {
  if (!ENV_NAME.test(name)) {
    throw invalid(
      'env:// needs the name of an environment variable, as in env://COSIGN_PRIVATE_KEY',
    );
  }
  return environmentKey(name);
}

function supportedSources(): string {
  const prefixes = KEY_SOURCES.flatMap((source) => source.prefixes);
  return ['a path', 'PEM text', 'env://NAME', ...prefixes].join(', ');
}

function rejectUnknownScheme(ref: string): void {
  if (ref.startsWith(GITHUB)) {
    throw invalid(
      'github:// cannot be read: GitHub never returns secrets. Pass the Actions secret ' +
        'COSIGN_PRIVATE_KEY to the workflow step as an environment variable and use env://COSIGN_PRIVATE_KEY',
    );
  }
  if (/^https?:\/\//i.test(ref)) {
    throw invalid(
      'a key is not read from a URL, which does not prove whose key it is; save it to a file and give its path',
    );
  }
  const unknown = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(ref)?.[1];
  if (unknown !== undefined) {
    throw invalid(
      `${unknown}:// is not a supported key source; supported are ${supportedSources()}`,
    );
  }
}

/**
 * Parses a key reference, in cosign's grammar: PEM text, `env://NAME`, one of {@link KEY_SOURCES}, or
 * else a path. Sends no request.
 *
 * @throws SignedImageError `KEY_REFERENCE_INVALID`; the message never repeats what may be key material.
 */
export function parseKeyReference(ref: string): KeyBackend {
  const trimmed = ref.trim();
  if (trimmed === '') throw invalid('the key reference is empty');
  if (trimmed.includes('-----BEGIN ')) return pemTextKey(trimmed);
  if (trimmed.startsWith(ENV)) return parseEnvironment(trimmed.slice(ENV.length));
  const source = KEY_SOURCES.find(({ prefixes }) =>
    prefixes.some((prefix) => trimmed.startsWith(prefix)),
  );
  if (source !== undefined) return source.parse(trimmed);
  rejectUnknownScheme(trimmed);
  if (ENCODED_KEY.test(trimmed)) {
    throw invalid(
      'the key reference appears to be a base64-encoded key; give the PEM text itself, a path or env://NAME',
    );
  }
  if (/[\r\n\0]/.test(trimmed)) {
    throw invalid('the key reference is neither PEM text (-----BEGIN ...) nor a path');
  }
  return fileKey(trimmed);
}
