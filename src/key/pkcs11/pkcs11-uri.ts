import { SignedImageError } from '../../error';

/** A key in a token, as a `pkcs11:` URI names it (https://www.rfc-editor.org/rfc/rfc7512). */
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
const LONGEST = 4096;

const IN_PATH = ['token', 'slot-id', 'serial', 'manufacturer', 'model', 'id', 'object'] as const;
const IN_QUERY = ['module-path', 'pin-value', 'pin-source'] as const;

/** Of RFC 7512 too, but cosign does not look at them, and neither do we. */
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

/** No value is ever repeated: it may be the PIN. */
function decoded(value: string, name: string): Buffer {
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

/** cosign takes `;` and `&` for the same in both parts. */
function attributesOf(part: string, known: readonly string[]): Attributes {
  const attributes = new Map<string, Buffer>();
  for (const pair of part.split(/[;&]/).filter((each) => each !== '')) {
    const equals = pair.indexOf('=');
    const name = equals === -1 ? pair : pair.slice(0, equals);
    if (!/^[A-Za-z0-9_-]{1,40}$/.test(name) || equals === -1) {
      throw invalid('is not made of name=value; write ";", "&" and "=" in values as %3B, %26, %3D');
    }
    if (!known.includes(name) && !UNUSED.includes(name) && !name.startsWith('x-')) {
      throw invalid(
        `has the attribute "${name}", which is not known; known are ${known.join(', ')}`,
      );
    }
    if (attributes.has(name)) throw invalid(`has the attribute "${name}" twice`);
    attributes.set(name, decoded(pair.slice(equals + 1), name));
  }
  return attributes;
}

function textOf(bytes: Buffer | undefined, name: Name): string | undefined {
  if (bytes === undefined || bytes.length === 0) return undefined;
  const text = bytes.toString('utf8');
  if (text.includes('\0') || !Buffer.from(text, 'utf8').equals(bytes)) {
    throw invalid(`has a ${name} that is no UTF-8 text`);
  }
  return text;
}

function slotOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw invalid('has a slot-id that is no number');
  return Number(text);
}

/** RFC 7512 section 2.4: a file URI or a path. A command (`|`) would be run by whoever reads the URI. */
function fileOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const path = text.replace(/^file:(?:\/\/(?=\/))?/, '');
  if (path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path)) return path;
  throw invalid('has a pin-source that is no absolute path (file:/run/secrets/pin)');
}

/**
 * Reads a `pkcs11:` URI as cosign does.
 *
 * @throws SignedImageError `KEY_REFERENCE_INVALID`; it repeats no value
 */
export function parsePkcs11Uri(uri: string): Pkcs11Uri {
  if (!uri.startsWith(SCHEME)) throw invalid('does not begin with pkcs11:');
  if (uri.length > LONGEST) throw invalid(`is longer than ${LONGEST} characters`);
  if (uri.includes('#')) throw invalid('has a "#", which must be written as %23');
  const question = uri.indexOf('?');
  const end = question === -1 ? uri.length : question;
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

function written(name: string, value: string | Buffer | undefined): string[] {
  if (value === undefined) return [];
  const text = Buffer.isBuffer(value)
    ? value
        .toString('latin1')
        .replace(/[^\w.~-]/g, (each) => `%${each.charCodeAt(0).toString(16).padStart(2, '0')}`)
    : encodeURIComponent(value);
  return [`${name}=${text}`];
}

/** The same place without the PIN: may be shown. */
export function showPkcs11Uri(uri: Pkcs11Uri): string {
  const path = [
    ...written('token', uri.token),
    ...written('slot-id', uri.slotId?.toString()),
    ...written('serial', uri.serial),
    ...written('manufacturer', uri.manufacturer),
    ...written('model', uri.model),
    ...written('id', uri.id),
    ...written('object', uri.object),
  ].join(';');
  const module = uri.modulePath?.split('/').map(encodeURIComponent).join('/');
  return `${SCHEME}${path}${module === undefined ? '' : `?module-path=${module}`}`;
}
