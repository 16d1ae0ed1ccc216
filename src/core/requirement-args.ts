import { parsePredicateType } from '../attest/predicate-type';
import { InvalidInputError, type Problem } from '../error';
import { problemsOf } from '../error/signed-image-error';
import type { SigningHost } from '../sign';
import {
  compileCondition,
  type Requirement,
  type Transparency,
  type TrustedIdentity,
  type TrustPolicy,
} from '../verify';
import type { TrustArgs, TrustedKeyArgs } from './trust-args';

/** Something that must be signed for an image: a signature, or an attestation of one type. */
export interface RequirementArgs {
  /** The role, for reports and errors: unique. Default: the predicate type as given, or `signature`. */
  readonly name?: string | undefined;
  /**
   * Type of the required attestation: a short name of cosign (`slsaprovenance1`, `spdxjson`, `cyclonedx`, `vuln`,
   * `openvex`, ...) or a URI. Default: a signature of the image is required.
   */
  readonly predicateType?: string | undefined;
  /** Public keys whose signature is accepted. Default: the signers of the policy. */
  readonly keys?: readonly string[] | undefined;
  readonly trustedKeys?: readonly TrustedKeyArgs[] | undefined;
  readonly identities?: readonly TrustedIdentity[] | undefined;
  /** Annotations of the subject that must be signed. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /**
   * Expression in CEL that must be true. It may use `statement`, `predicate`, `annotations`, `signer` and `now`.
   *
   * https://github.com/google/cel-spec/blob/master/doc/langdef.md
   */
  readonly condition?: string | undefined;
  /**
   * Maximum age, for example `30d`, `12h`, `1h30m`: since the signature was made, as a log entry or timestamp proves,
   * or since the time that the predicate states, whichever is longer ago. Default: any age.
   */
  readonly maxAge?: string | undefined;
  /** How many different keys and identities must have signed it. Default: 1. */
  readonly count?: number | undefined;
  /** Required transparency. Default: that of the policy; else `log` if an identity is trusted, otherwise `none`. */
  readonly transparency?: Transparency | undefined;
}

type Signers = Pick<TrustArgs, 'keys' | 'trustedKeys' | 'identities'>;

/** Loads the trust of one requirement; its problems are relative to the requirement. */
type LoadTrust = (args: TrustArgs, host: SigningHost) => Promise<TrustPolicy>;

/**
 * Loads the requirements of a policy.
 *
 * @param path of the list, for errors
 * @throws InvalidInputError with all problems, each on its property
 */
export async function loadRequirements(
  requirements: readonly RequirementArgs[],
  inherited: TrustArgs,
  host: SigningHost,
  loadTrust: LoadTrust,
  path = 'require',
): Promise<readonly Requirement[]> {
  const problems: Problem[] = [];
  const loaded: Requirement[] = [];
  for (const [index, args] of requirements.entries()) {
    const at = `${path}[${index}]`;
    const load = async (): Promise<void> => {
      loaded.push(await loadRequirement(args, inherited, host, loadTrust, at));
    };
    problems.push(...(await problemsOf(at, load)));
  }
  problems.push(...duplicateNames(requirements, path));
  if (problems.length > 0) throw new InvalidInputError(problems);
  return loaded;
}

async function loadRequirement(
  args: RequirementArgs,
  inherited: TrustArgs,
  host: SigningHost,
  loadTrust: LoadTrust,
  at: string,
): Promise<Requirement> {
  const problems: Problem[] = [];
  const report = (member: string, message: string): void =>
    void problems.push({ property: `${at}.${member}`, code: 'INPUT_INVALID', message });
  const attempt = async <T>(
    load: () => Promise<T>,
    place: (property: string) => string,
  ): Promise<T | undefined> => {
    let value: T | undefined;
    const found = await problemsOf(at, async () => (value = await load()));
    problems.push(...found.map((each) => ({ ...each, property: place(each.property) })));
    return value;
  };

  const name = nameOf(args);
  if (!/^[^\p{Cc}]{1,100}$/u.test(name))
    report('name', 'must have 1 to 100 characters in one line');
  const { predicateType: type, condition: text, maxAge: age, count = 1, annotations = {} } = args;
  const predicateType = await attempt(
    async () => (type === undefined ? undefined : parsePredicateType(type)),
    (property) => `${at}.${property}`,
  );
  const condition = await attempt(
    async () => (text === undefined ? undefined : compileCondition(text, `${at}.condition`)),
    (property) => property,
  );
  const maxAge = age === undefined ? undefined : parseAge(age);
  if (age !== undefined && maxAge === undefined) {
    report(
      'maxAge',
      'must be a duration in days, hours, minutes or seconds, for example 30d, 12h or 1h30m',
    );
  }
  if (!Number.isInteger(count) || count < 1)
    report('count', 'must be a whole number of at least 1');
  const trust = await attempt(
    () => loadTrust(trustArgs(args, inherited), host),
    (property) => (/^sigstore\b/.test(property) ? property : `${at}.${property}`),
  );
  if (trust && count > possibleSigners(trust)) {
    const message = `can never be met: ${count} different signers are required, and ${possibleSigners(trust)} are accepted`;
    report('count', message);
  }
  if (problems.length > 0 || !trust) throw new InvalidInputError(problems);
  return { name, predicateType, trust, annotations, condition, maxAge, count };
}

/** A requirement that names signers accepts no others. */
function trustArgs(args: RequirementArgs, inherited: TrustArgs): TrustArgs {
  const { keys, trustedKeys, identities } = args;
  const isOwn = [keys, trustedKeys, identities].some((signers = []) => signers.length > 0);
  const signers: Signers = isOwn ? { keys, trustedKeys, identities } : inherited;
  const keyless = (signers.identities ?? []).length > 0;
  // What the policy requires of keys does not fit an identity, whose certificate needs a proven time.
  const { transparency } = inherited;
  const suitable = keyless && transparency === 'none' ? undefined : transparency;
  return {
    keys: signers.keys,
    trustedKeys: signers.trustedKeys,
    identities: signers.identities,
    transparency: args.transparency ?? suitable,
    sigstore: inherited.sigstore,
  };
}

/** How many different signers could sign: a pattern of identities has no limit. */
function possibleSigners({ keys, trustedKeys = [], identities }: TrustPolicy): number {
  const usable = trustedKeys.filter(({ retired }) => retired !== true).map(({ key }) => key);
  const retired = trustedKeys.filter((each) => each.retired === true).map(({ key }) => key.keyId);
  const always = keys.filter(({ keyId }) => !retired.includes(keyId));
  const keyIds = new Set([...always, ...usable].map(({ keyId }) => keyId));
  if (identities.some(hasPattern)) return Number.POSITIVE_INFINITY;
  const exact = new Set(identities.map((each) => JSON.stringify([each.issuer, each.identity])));
  return keyIds.size + exact.size;
}

function hasPattern({ identityPattern, issuerPattern }: TrustedIdentity): boolean {
  return identityPattern !== undefined || issuerPattern !== undefined;
}

function nameOf({ name, predicateType }: RequirementArgs): string {
  return name ?? predicateType ?? 'signature';
}

function duplicateNames(
  requirements: readonly RequirementArgs[],
  path: string,
): readonly Problem[] {
  const names = requirements.map(nameOf);
  return names.flatMap((name, index): readonly Problem[] => {
    if (names.indexOf(name) === index) return [];
    const message = `is ${JSON.stringify(name)}, like that of ${path}[${names.indexOf(name)}]: give each requirement its own \`name\``;
    return [{ property: `${path}[${index}].name`, code: 'INPUT_INVALID', message }];
  });
}

const UNITS: Readonly<Record<string, number>> = { d: 86_400, h: 3600, m: 60, s: 1 };

/** Parses a duration to seconds; `undefined` for another text. */
function parseAge(text: string): number | undefined {
  if (!/^(\d{1,6}[dhms])+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+)([dhms])/g)];
  const seconds = parts.reduce((sum, [, n, unit = 's']) => sum + Number(n) * (UNITS[unit] ?? 1), 0);
  return seconds > 0 ? seconds : undefined;
}
