import { parsePredicateType, predicateTypeProblems } from '../attest';
import { distinct, InvalidInputError, type Problem } from '../error';
import { problemsOf } from '../error/signed-image-error';
import {
  loadInstanceRoot,
  loadPublicKey,
  type PublicKey,
  type SigningHost,
  type SigningServices,
  type SigstoreConfig,
} from '../sign';
import {
  identityProblems,
  parseWindowTime,
  type ProvenanceExpectation,
  type Transparency,
  type TrustedKey,
  type VerificationPolicy,
} from '../verify';
import { loadRequirements, type RequirementArgs } from './requirement-args';
import type { TrustArgs, TrustedKeyArgs } from './trust-args';

export type { TrustedKeyArgs };

/** The requirements of a verification, with the names of the inputs of `VerifiedImage`. */
export interface VerificationPolicyArgs extends TrustArgs {
  /** Annotations that must be signed. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Required storage format. Default: `any`. */
  readonly format?: 'any' | 'bundle' | 'legacy' | 'both' | undefined;
  /** What the signed provenance must contain. Default: provenance is not verified. */
  readonly provenance?: ProvenanceExpectation | undefined;
  /**
   * Predicate type of an attestation that is required in place of the signature, as `cosign verify-attestation --type`
   * requires it: a short name of cosign, or a URI. Its predicate is not examined. Default: the signature is verified.
   */
  readonly predicateType?: string | undefined;
  /** Whether every platform manifest of an index must be signed too. Default: true, with `predicateType` false. */
  readonly platforms?: boolean | undefined;
  /** Further signatures and attestations that are required: all of them. */
  readonly require?: readonly RequirementArgs[] | undefined;
}

type TrustedRoot = NonNullable<VerificationPolicy['trustedRoot']>;

const FORMATS: readonly unknown[] = ['any', 'bundle', 'legacy', 'both'];
const TRANSPARENCIES: readonly unknown[] = ['log', 'timestamp', 'none'];

function toDate(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : parseWindowTime(text);
}

function windowProblems({ notBefore, notAfter }: TrustedKeyArgs, path: string): Problem[] {
  const times = Object.entries({ notBefore, notAfter }).flatMap(([name, text]): Problem[] =>
    text === undefined || parseWindowTime(text) !== undefined
      ? []
      : [
          {
            property: `${path}.${name}`,
            code: 'INPUT_INVALID',
            message: 'must be an RFC 3339 time, for example 2027-01-31T00:00:00Z',
          },
        ],
  );
  const [from, to] = [toDate(notBefore), toDate(notAfter)];
  const isEmpty = times.length === 0 && from !== undefined && to !== undefined && from > to;
  const message = 'is before `notBefore`: no signature would be accepted';
  return isEmpty ? [{ property: `${path}.notAfter`, code: 'INPUT_INVALID', message }] : times;
}

function argumentProblems({
  format,
  transparency,
  identities = [],
  trustedKeys = [],
  annotations = {},
  provenance,
  predicateType,
}: VerificationPolicyArgs): Problem[] {
  const problems: Problem[] = [];
  if (predicateType !== undefined) problems.push(...predicateTypeProblems(predicateType));
  const report = (property: string, message: string): void =>
    void problems.push({ property, code: 'INPUT_INVALID', message });
  if (format !== undefined && !FORMATS.includes(format)) {
    report('format', `must be one of ${FORMATS.join(', ')}`);
  }
  if (transparency !== undefined && !TRANSPARENCIES.includes(transparency)) {
    report('transparency', `must be one of ${TRANSPARENCIES.join(', ')}`);
  }
  if (transparency === 'none' && identities.length > 0) {
    report(
      'transparency',
      'must be `log` or `timestamp` with an identity: its certificate is valid for minutes only',
    );
  }
  if (predicateType !== undefined && Object.keys(annotations).length > 0)
    report('annotations', 'cannot be required of an attestation: only signatures have annotations');
  if (predicateType !== undefined && provenance !== undefined)
    report('provenance', 'cannot be combined with `predicateType`: verify it separately');
  trustedKeys.forEach((each, index) =>
    problems.push(...windowProblems(each, `trustedKeys[${index}]`)),
  );
  identities.forEach((each, index) =>
    problems.push(...identityProblems(each, `identities[${index}]`)),
  );
  return problems;
}

/**
 * Loads keys and trust material.
 *
 * @throws InvalidInputError with all problems, each on its property
 */
export async function loadVerificationPolicy(
  args: VerificationPolicyArgs,
  host: SigningHost,
): Promise<VerificationPolicy> {
  const { require: required = [], ...own } = args;
  if (required.length === 0) return loadSimplePolicy(own, host);
  const hasSigners = [own.keys, own.trustedKeys, own.identities].some(
    (signers = []) => signers.length > 0,
  );
  let policy: VerificationPolicy | undefined;
  const problems: Problem[] = [];
  problems.push(
    ...(await problemsOf('keys', async () => {
      policy = hasSigners ? await loadSimplePolicy(own, host) : withoutSigners(own);
    })),
  );
  let requirements: VerificationPolicy['require'];
  problems.push(
    ...(await problemsOf('require', async () => {
      requirements = await loadRequirements(required, own, host, loadSimplePolicy);
    })),
  );
  if (problems.length > 0 || !policy) throw new InvalidInputError(distinct(problems));
  return { ...policy, require: requirements };
}

/** A policy that requires no signature of the image, beside its requirements. */
function withoutSigners(args: VerificationPolicyArgs): VerificationPolicy {
  const inapplicable = Object.entries({
    annotations: args.annotations,
    provenance: args.provenance,
    format: args.format,
    predicateType: args.predicateType,
  }).filter(([, value]) => value !== undefined);
  const problems = inapplicable.map(([property]): Problem => ({
    property,
    code: 'INPUT_INVALID',
    message:
      'has no effect without `keys` or `identities`: write it into a requirement of `require`',
  }));
  problems.push(...argumentProblems(args));
  if (problems.length > 0) throw new InvalidInputError(problems);
  return {
    keys: [],
    identities: [],
    annotations: {},
    format: 'any',
    transparency: args.transparency ?? 'none',
    provenance: undefined,
    trustedRoot: undefined,
    platforms: args.platforms ?? true,
  };
}

/** Loads a policy without requirements. */
async function loadSimplePolicy(
  args: Omit<VerificationPolicyArgs, 'require'>,
  host: SigningHost,
): Promise<VerificationPolicy> {
  const { keys: refs = [], trustedKeys = [], identities = [], sigstore, provenance } = args;
  const problems = argumentProblems(args);
  if (refs.length === 0 && trustedKeys.length === 0 && identities.length === 0) {
    const message = 'no signer is trusted: give at least one key or identity';
    problems.push({ property: 'keys', code: 'INPUT_INVALID', message });
  }
  const keys: PublicKey[] = [];
  for (const [index, ref] of refs.entries()) {
    const property = `keys[${index}]`;
    const load = async (): Promise<unknown> => keys.push(await loadPublicKey(ref, host, property));
    problems.push(...(await problemsOf(property, load)));
  }
  const windows: TrustedKey[] = [];
  for (const [index, { key, notBefore, notAfter, retired }] of trustedKeys.entries()) {
    const property = `trustedKeys[${index}].key`;
    const load = async (): Promise<unknown> =>
      windows.push({
        key: await loadPublicKey(key, host, property),
        notBefore: toDate(notBefore),
        notAfter: toDate(notAfter),
        retired,
      });
    problems.push(...(await problemsOf(property, load)));
  }
  const keyless = identities.length > 0;
  const transparency = args.transparency ?? (keyless ? 'log' : 'none');
  let trustedRoot: VerificationPolicy['trustedRoot'];
  if (problems.length === 0) {
    const load = async (): Promise<unknown> =>
      (trustedRoot = await trustedRootFor(transparency, keyless, sigstore, host));
    problems.push(...(await problemsOf('sigstore.trustedRoot', load)));
  }
  if (problems.length > 0) throw new InvalidInputError(problems);
  return {
    keys,
    trustedKeys: windows,
    identities,
    annotations: args.annotations ?? {},
    format: args.format ?? 'any',
    transparency,
    provenance,
    trustedRoot,
    platforms: args.platforms ?? args.predicateType === undefined,
    ...(args.predicateType !== undefined && {
      predicateType: parsePredicateType(args.predicateType),
    }),
  };
}

/** Loads the trusted root that a verification needs; a key without a log or a timestamp needs none. */
export async function trustedRootFor(
  transparency: Transparency,
  keyless: boolean,
  sigstore: SigstoreConfig | undefined,
  host: SigningHost,
): Promise<TrustedRoot | undefined> {
  const declared = sigstore?.trustedRoot ?? sigstore?.clientTrustConfig;
  if (transparency === 'none' && !keyless && declared === undefined) return undefined;
  return loadInstanceRoot(sigstore, host);
}

/** Returns the transparency that signatures get from these services. */
export function transparencyOf({ logs, authorities }: SigningServices): Transparency {
  if (logs.length > 0) return 'log';
  return authorities.length > 0 ? 'timestamp' : 'none';
}
