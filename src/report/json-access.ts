import { isJsonObject, type JsonObject } from '../oci/strict-json';

/** The members that mark a secret in a state, https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/sig/sig.go */
const SIGNATURE = '4dabf18193072939515e22adb298388d';
const SECRET = '1b47061264138c4ac30d75fd1eb44270';

/** Whether a value of a state is a secret: its ciphertext, or with `--show-secrets` its plain text. */
export function isSecret(value: unknown): boolean {
  return isJsonObject(value) && value[SIGNATURE] === SECRET;
}

/** Returns the object at this member; empty for a secret and for another type. */
export function objectAt(value: unknown, member: string): JsonObject {
  const found = memberAt(value, member);
  return isJsonObject(found) ? found : {};
}

/** Returns the list at this member; empty for a secret and for another type. */
export function listAt(value: unknown, member: string): readonly unknown[] {
  const found = memberAt(value, member);
  return Array.isArray(found) ? found : [];
}

/** Returns the string at this member; `undefined` for a secret and for another type. */
export function textAt(value: unknown, member: string): string | undefined {
  const found = memberAt(value, member);
  return typeof found === 'string' ? found : undefined;
}

/** Returns the strings of the list at this member, without secrets. */
export function textsAt(value: unknown, member: string): readonly string[] {
  return listAt(value, member).filter((each): each is string => typeof each === 'string');
}

/** Returns the strings of the object at this member; a secret value is shown as `(secret)`. */
export function pairsAt(value: unknown, member: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(objectAt(value, member)).flatMap(([name, each]) => {
      if (typeof each === 'string') return [[name, each] as const];
      return isSecret(each) ? [[name, '(secret)'] as const] : [];
    }),
  );
}

function memberAt(value: unknown, member: string): unknown {
  if (!isJsonObject(value) || isSecret(value) || !Object.hasOwn(value, member)) return undefined;
  const found = value[member];
  return isSecret(found) ? undefined : found;
}
