import { SignedImageError } from '../../error';

/** The attributes of a `pkcs11:` URI that identify a key in a token (https://www.rfc-editor.org/rfc/rfc7512). */
export interface Pkcs11Uri {
  readonly token: string | undefined;
  readonly slotId: number | undefined;
  readonly serial: string | undefined;
  readonly manufacturer: string | undefined;
  readonly model: string | undefined;
  /** `CKA_ID`. */
  readonly id: Buffer | undefined;
  /** `CKA_LABEL`. */
  readonly object: Buffer | undefined;
  readonly modulePath: string | undefined;
  /** A secret. */
  readonly pinValue: string | undefined;
  /** Path of a file that holds the PIN. */
  readonly pinSource: string | undefined;
}

const SCHEME = 'pkcs11:';
const MAX_URI_LENGTH = 4096;

const IN_PATH = ['token', 'slot-id', 'serial', 'manufacturer', 'model', 'id', 'object'] as const;
const IN_QUERY = ['module-path', 'pin-value', 'pin-source'] as const;

/** Also attributes of RFC 7512, but cosign ignores them, and so do we. */
const UNUSED: readonly string[] = [
  'type',
  'slot-description',
  'slot-manufacturer',
  'library-description',
  'library-manufacturer',
  'library-version',
];

type Name = (typeof IN_PATH)[number] | (typeof IN_QUERY)[number];
type Attributes = ReadonlyMap<string, Buffer>;

function invalid(message: string): SignedImageError {
  return new SignedImageError({
    code: 'KEY_REFERENCE_INVALID',
    message: `the pkcs11: URI ${message}`,
  });
}

/** Its errors never repeat a value: it may be the PIN. */
function decode(value: string, name: string): Buffer {
  if (!/^(?:[\x21-\x24\x26-\x7e]|%[0-9A-Fa-f]{2})*$/.test(value)) {
    throw invalid(`has a character in ${name} that must be written as %XX`);
  }
  // cosign reads "+" as a space (Go's url.ParseQuery), where RFC 7512 has a plus.
  const bytes = value
    .replaceAll('+', '%20')
    .replace(/%([0-9A-Fa-f]{2})/g, (_match, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  return Buffer.from(bytes, 'latin1');
}

/** cosign treats `;` and `&` alike in both parts. */
function attributesOf(part: string, known: readonly string[]): Attributes {
  const attributes = new Map<string, Buffer>();
  for (const pair of part.split(/[;&]/).filter((each) => each !== '')) {
    const equals = pair.indexOf('=');
    const name = equals === -1 ? pair : pair.slice(0, equals);
    if (!/^[A-Za-z0-9_-]{1,40}$/.test(name) || equals === -1) {
      throw invalid(
        'does not consist of name=value; write ";", "&" and "=" in values as %3B, %26, %3D',
      );
    }
    if (!known.includes(name) && !UNUSED.includes(name) && !name.startsWith('x-')) {
      throw invalid(`has the unsupported attribute "${name}"; supported are ${known.join(', ')}`);
    }
    if (attributes.has(name)) throw invalid(`has the attribute "${name}" twice`);
    attributes.set(name, decode(pair.slice(equals + 1), name));
  }
  return attributes;
}

function textOf(bytes: Buffer | undefined, name: Name): string | undefined {
  if (bytes === undefined || bytes.length === 0) return undefined;
  const text = bytes.toString('utf8');
  if (text.includes('\0') || !Buffer.from(text, 'utf8').equals(bytes)) {
    throw invalid(`has a ${name} that is not UTF-8 text`);
  }
  return text;
}

function slotOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw invalid('has a slot-id that is not a number');
  return Number(text);
}

/** RFC 7512 section 2.4: a file URI or a path. Commands (`|`) are rejected: parsing a URI must not run a program. */
function fileOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  // In a URI, a Windows path follows a slash: https://www.rfc-editor.org/rfc/rfc8089#appendix-E.2
  const path = text.replace(/^file:(?:\/\/(?=\/))?(?:\/(?=[A-Za-z]:[\\/]))?/, '');
  if (path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path)) return path;
  throw invalid('has a pin-source that is not an absolute path (file:/run/secrets/pin)');
}

/**
 * Parses a `pkcs11:` URI as cosign does.
 *
 * @throws SignedImageError `KEY_REFERENCE_INVALID`; the message repeats no value
 */
export function parsePkcs11Uri(uri: string): Pkcs11Uri {
  if (!uri.startsWith(SCHEME)) throw invalid('does not begin with pkcs11:');
  if (uri.length > MAX_URI_LENGTH) throw invalid(`is longer than ${MAX_URI_LENGTH} characters`);
  if (uri.includes('#')) throw invalid('has a "#", which must be written as %23');
  const queryMark = uri.indexOf('?');
  const end = queryMark === -1 ? uri.length : queryMark;
  const path = attributesOf(uri.slice(SCHEME.length, end), IN_PATH);
  const query = attributesOf(uri.slice(end + 1), IN_QUERY);
  const inPath = (name: (typeof IN_PATH)[number]) => textOf(path.get(name), name);
  const inQuery = (name: (typeof IN_QUERY)[number]) => textOf(query.get(name), name);
  const bytes = (name: 'id' | 'object') => (path.get(name)?.length ? path.get(name) : undefined);
  const parsed = {
    token: inPath('token'),
    slotId: slotOf(inPath('slot-id')),
    serial: inPath('serial'),
    manufacturer: inPath('manufacturer'),
    model: inPath('model'),
    id: bytes('id'),
    object: bytes('object'),
    modulePath: inQuery('module-path'),
    pinValue: inQuery('pin-value'),
    pinSource: fileOf(inQuery('pin-source')),
  };
  if (parsed.token === undefined && parsed.slotId === undefined) {
    throw invalid('must name the token (token=LABEL) or the slot (slot-id=NUMBER)');
  }
  if (parsed.id === undefined && parsed.object === undefined) {
    throw invalid('must name the key (id=%01 or object=LABEL)');
  }
  if (parsed.pinValue !== undefined && parsed.pinSource !== undefined) {
    throw invalid('has a pin-value and a pin-source; give one');
  }
  return parsed;
}

function formatAttribute(name: string, value: string | Buffer | undefined): string[] {
  if (value === undefined) return [];
  const text = Buffer.isBuffer(value)
    ? value
        .toString('latin1')
        .replace(/[^\w.~-]/g, (each) => `%${each.charCodeAt(0).toString(16).padStart(2, '0')}`)
    : encodeURIComponent(value);
  return [`${name}=${text}`];
}

/** Formats the URI without the PIN, safe to show. */
export function showPkcs11Uri(uri: Pkcs11Uri): string {
  const path = [
    ...formatAttribute('token', uri.token),
    ...formatAttribute('slot-id', uri.slotId?.toString()),
    ...formatAttribute('serial', uri.serial),
    ...formatAttribute('manufacturer', uri.manufacturer),
    ...formatAttribute('model', uri.model),
    ...formatAttribute('id', uri.id),
    ...formatAttribute('object', uri.object),
  ].join(';');
  const module = uri.modulePath?.split('/').map(encodeURIComponent).join('/');
  return `${SCHEME}${path}${module === undefined ? '' : `?module-path=${module}`}`;
}
