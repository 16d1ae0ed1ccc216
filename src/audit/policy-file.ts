import type { ExemptionArgs } from '../enforce/program/exemption';
import { InvalidInputError, type Problem, SignedImageError } from '../error';
import { isJsonObject } from '../oci';
import { parseBoundedJson } from '../http/json-bounds';
import type { VerificationPolicyArgs } from '../core/policy-args';
import { CLAIM_NAMES } from '../verify/certificate-claims';

/** The content of a policy file. */
export interface PolicyFile {
  readonly policy: VerificationPolicyArgs;
  readonly exempt: readonly ExemptionArgs[];
}

/** Returns what is wrong with a value; `undefined` if it is valid. */
type Check = (value: unknown) => string | undefined;

const isText = (value: unknown): value is string => typeof value === 'string';

const text: Check = (value) => (isText(value) ? undefined : 'must be a string');
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');
const json: Check = (value) => (isJsonObject(value) ? undefined : 'must be an object');
const texts: Check = (value) =>
  Array.isArray(value) && value.every(isText) ? undefined : 'must be a list of strings';
const pairs: Check = (value) =>
  isJsonObject(value) && Object.values(value).every(isText)
    ? undefined
    : 'must be an object with string values';

function members(checks: Readonly<Record<string, Check>>): Check {
  return (value) => {
    if (!isJsonObject(value)) return 'must be an object';
    for (const [name, inner] of Object.entries(value)) {
      const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
      const fault = check?.(inner);
      if (fault !== undefined) return `${name} ${fault}`;
      if (check === undefined) {
        return `has an unknown member ${JSON.stringify(name)}; expected one of ${Object.keys(checks).join(', ')}`;
      }
    }
    return undefined;
  };
}

const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) ? value.map(check).find(Boolean) : 'must be a list';

const trustedKeys = listOf(members({ key: text, notBefore: text, notAfter: text, retired: flag }));
const claims = members(Object.fromEntries(CLAIM_NAMES.map((name) => [name, text])));
const identities = listOf(
  members({
    identity: text,
    identityPattern: text,
    issuer: text,
    issuerPattern: text,
    claims,
    claimPatterns: claims,
  }),
);

/** The inputs of VerifiedImage, which has none for a predicate type. */
type Member = Exclude<keyof VerificationPolicyArgs, 'predicateType'> | 'exempt';

const MEMBERS: Readonly<Record<Member, Check>> = {
  keys: texts,
  trustedKeys,
  identities,
  annotations: pairs,
  format: text,
  transparency: text,
  provenance: members({ builderId: text, buildType: text, commit: text, externalParameters: json }),
  require: listOf(
    members({
      name: text,
      predicateType: text,
      keys: texts,
      trustedKeys,
      identities,
      annotations: pairs,
      condition: text,
      maxAge: text,
      count: (value) => (Number.isInteger(value) ? undefined : 'must be a whole number'),
      transparency: text,
    }),
  ),
  platforms: flag,
  sigstore: members({ trustedRoot: text, clientTrustConfig: text }),
  exempt: listOf(members({ image: text, resource: text, reason: text })),
};

function parsed(source: string): unknown {
  try {
    return parseBoundedJson(source);
  } catch {
    // The parser's message quotes the file, which may be a wrong file with secrets.
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      message: 'the policy file is not valid JSON',
    });
  }
}

/**
 * Parses a policy file: the inputs of `VerifiedImage` and `exempt`, as JSON. An unknown member is an
 * error, because a policy that is not understood must not be treated as met.
 *
 * @throws SignedImageError `INPUT_INVALID`
 */
export function parsePolicyFile(source: string): PolicyFile {
  const file = parsed(source);
  if (!isJsonObject(file)) {
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      message: 'the policy file must be a JSON object',
    });
  }
  const problems = Object.entries(file).flatMap(([name, value]): readonly Problem[] => {
    const fault = members(MEMBERS)({ [name]: value });
    const message = `in the policy file: ${fault}`;
    return fault === undefined ? [] : [{ property: name, code: 'INPUT_INVALID', message }];
  });
  if (problems.length > 0) throw new InvalidInputError(problems);
  const { exempt = [], ...policy } = file as VerificationPolicyArgs & {
    readonly exempt?: readonly ExemptionArgs[];
  };
  return { policy, exempt };
}
