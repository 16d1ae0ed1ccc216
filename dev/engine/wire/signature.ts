/**
 * The engine stores every property in the wire encoding (google.protobuf.Struct as plain objects), so that the provider's
 * outputs and the state are the same bytes. Special values are objects with a signature, see
 * https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/sig/sig.go
 */
export type Wire = null | boolean | number | string | readonly Wire[] | WireObject;

export interface WireObject {
  readonly [key: string]: Wire;
}

export const SIGNATURE = '4dabf18193072939515e22adb298388d';
export const SECRET = '1b47061264138c4ac30d75fd1eb44270';
export const OUTPUT_VALUE = 'd0e6a833031e9bbcd3f4e8bde6ca49a4';

/** The sentinel of a value that is known in an update only. */
export const UNKNOWN = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

export const isObject = (value: Wire | undefined): value is WireObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const signed = (value: Wire | undefined, signature: string): value is WireObject =>
  isObject(value) && value[SIGNATURE] === signature;

export const isSecret = (value: Wire | undefined): value is WireObject => signed(value, SECRET);

export const isOutputValue = (value: Wire | undefined): value is WireObject =>
  signed(value, OUTPUT_VALUE);

/** Wraps once: a secret of a secret is a secret. */
export const secret = (value: Wire): Wire =>
  isSecret(value) ? value : { [SIGNATURE]: SECRET, value };
