import type { Problem } from '../../error';
import { unknownName } from '../../error/unknown-name';
import type { DigestPolicyArgs } from './digest-policy';
import type { FluxVerificationArgs } from './flux-verification';
import type { SignerPolicyArgs } from './signer-policy';

/** `any`: a value, or a map with names that the caller chose. */
type Slot<Value> = Value extends readonly (infer Each)[]
  ? Slot<Each>
  : Value extends string | number | boolean
    ? 'any'
    : string extends keyof Value
      ? 'any'
      : MembersOf<Value>;

/** The members of an object. The compiler refuses a table that differs from the interface. */
type MembersOf<Value> = { readonly [Name in keyof Required<Value>]: Slot<Required<Value>[Name]> };

type Members = { readonly [name: string]: 'any' | Members };

export const DIGEST_POLICY_MEMBERS: MembersOf<DigestPolicyArgs> = {
  name: 'any',
  images: 'any',
  exempt: { image: 'any', reason: 'any' },
  namespaces: 'any',
  action: 'any',
};

export const SIGNER_POLICY_MEMBERS: MembersOf<SignerPolicyArgs> = {
  name: 'any',
  keys: 'any',
  identities: { identity: 'any', identityPattern: 'any', issuer: 'any', issuerPattern: 'any' },
  images: 'any',
  format: 'any',
  transparency: 'any',
  trustedRoot: 'any',
  annotations: 'any',
  provenance: { builderId: 'any' },
  namespaces: 'any',
  action: 'any',
};

export const FLUX_MEMBERS: MembersOf<FluxVerificationArgs> = {
  ...SIGNER_POLICY_MEMBERS,
  namespace: 'any',
  interval: 'any',
};

/** Reports the members of arguments that do not exist: a requirement with a misspelt name would have no effect. */
export function unknownMemberProblems(value: unknown, members: Members, path = ''): Problem[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) {
    return value.flatMap((each, index) =>
      unknownMemberProblems(each, members, `${path}[${index}]`),
    );
  }
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) => {
    if (member === undefined || member === null) return [];
    const property = path === '' ? name : `${path}.${name}`;
    const slot = Object.hasOwn(members, name) ? members[name] : undefined;
    if (slot === undefined) {
      return [
        { property, code: 'INPUT_INVALID', message: unknownName(name, Object.keys(members)) },
      ];
    }
    return slot === 'any' ? [] : unknownMemberProblems(member, slot, property);
  });
}
