import type { Problem } from '../../../error';
import { parseBoundedJson } from '../../../http/json-bounds';
import { problemsOf } from '../../../error/signed-image-error';
import {
  loadPublicKey,
  type PublicKey,
  type SignatureFormat,
  type SigningHost,
} from '../../../sign';
import {
  identityProblems,
  type IsGiven,
  type ProvenanceExpectation,
  type Requirement,
  type Transparency,
  type TrustedIdentity,
  type VerificationPolicy,
} from '../../../verify';
import { loadVerificationPolicy, trustedRootFor } from '../../../core/policy-args';
import { loadRequirements, type RequirementArgs } from '../../../core/requirement-args';
import type { TrustArgs } from '../../../core/trust-args';
import { readSigstore } from './declared-signing';
import { keyProblems, loadTrustedKeys, trustedKeyProblems } from './declared-trusted-keys';
import type { InputReader } from './input-reader';

const FORMATS: readonly (SignatureFormat | 'any')[] = ['any', 'bundle', 'legacy', 'both'];
const TRANSPARENCIES: readonly Transparency[] = ['log', 'timestamp', 'none'];
const IDENTITY_MEMBERS = ['identity', 'identityPattern', 'issuer', 'issuerPattern'] as const;
const CLAIM_MEMBERS = ['claims', 'claimPatterns'] as const;

/** Validates the trusted signers and the requirements of a verification. */
export async function policyProblems(
  inputs: InputReader,
  host: SigningHost,
): Promise<readonly Problem[]> {
  const signerErrors = await signerProblems(inputs, host);
  const identities = readIdentities(inputs.at('identities'));
  inputs.at('annotations').record();
  inputs.at('format').word(FORMATS);
  const transparency = inputs.at('transparency').word(TRANSPARENCIES);
  const signers = [inputs.at('keys'), inputs.at('trustedKeys'), inputs.at('identities')];
  const isWithoutSigners = signers.every(
    (signer) => signer.list().length === 0 && !signer.isUnknown,
  );
  const required = inputs.at('require');
  if (isWithoutSigners && required.list().length === 0 && !required.isUnknown) {
    inputs
      .at('keys')
      .addProblem('no signer is trusted: give at least one key or identity, or a requirement');
  }
  const requirementErrors = await requirementProblems(inputs, host, isWithoutSigners);
  if (transparency === 'none' && identities.length > 0) {
    inputs
      .at('transparency')
      .addProblem(
        'must be `log` or `timestamp` with an identity: its certificate is valid for minutes only',
      );
  }
  const expectation = await problemsOf('provenance', async () => readExpectation(inputs));
  const { trustedRoot, clientTrustConfig } = readSigstore(inputs.at('sigstore'));
  const roots =
    trustedRoot === undefined && clientTrustConfig === undefined
      ? []
      : await problemsOf('sigstore.trustedRoot', () =>
          trustedRootFor('log', true, { trustedRoot, clientTrustConfig }, host),
        );
  return [...signerErrors, ...requirementErrors, ...expectation, ...roots];
}

/** Validates `keys`, `trustedKeys` and `identities`. */
export async function signerProblems(
  inputs: InputReader,
  host: SigningHost,
): Promise<readonly Problem[]> {
  readIdentities(inputs.at('identities'));
  return [
    ...(await keyProblems(inputs.at('keys'), host)),
    ...(await trustedKeyProblems(inputs.at('trustedKeys'), host)),
  ];
}

/** Loads the policy. All of its inputs must be known. */
export async function loadPolicy(
  inputs: InputReader,
  host: SigningHost,
): Promise<VerificationPolicy> {
  const keys = await Promise.all(
    inputs
      .at('keys')
      .strings()
      .map((ref): Promise<PublicKey> => loadPublicKey(ref, host)),
  );
  const identities = readIdentities(inputs.at('identities'));
  const keyless = identities.length > 0;
  const required = inputs.at('require').list().length > 0;
  const transparency = inputs.at('transparency').word(TRANSPARENCIES) ?? (keyless ? 'log' : 'none');
  const sigstore = readSigstore(inputs.at('sigstore'));
  return {
    keys,
    trustedKeys: await loadTrustedKeys(inputs.at('trustedKeys'), host),
    identities,
    annotations: inputs.at('annotations').record(),
    format: inputs.at('format').word(FORMATS) ?? 'any',
    transparency,
    provenance: readExpectation(inputs),
    trustedRoot: await trustedRootFor(transparency, keyless, sigstore, host),
    platforms: inputs.at('platforms').boolean() ?? true,
    ...(required && { require: await loadDeclaredRequirements(inputs, host) }),
  };
}

/** Inputs that say something about the signature of `keys` and `identities`. */
const OF_THE_SIGNATURE = ['annotations', 'format', 'provenance'];

/** Validates `require`; requirements that are not known yet are left out. */
async function requirementProblems(
  inputs: InputReader,
  host: SigningHost,
  isWithoutSigners: boolean,
): Promise<readonly Problem[]> {
  const required = inputs.at('require');
  const requirements = required.list();
  if (isWithoutSigners && requirements.length > 0) {
    for (const name of OF_THE_SIGNATURE.filter((each) => inputs.at(each).isGiven)) {
      inputs
        .at(name)
        .addProblem('has no effect without `keys` or `identities`: write it into a requirement');
    }
  }
  const signers = await Promise.all(requirements.map((each) => signerProblems(each, host)));
  const inheritedIsKnown = INHERITED.every((name) => !inputs.at(name).isUnknown);
  // The position in the list is part of each path, so that all of it must be known.
  if (required.isUnknown || !inheritedIsKnown) return signers.flat();
  const loaded = await problemsOf('require', () => loadDeclaredRequirements(inputs, host));
  return [...signers.flat(), ...loaded];
}

const INHERITED = ['keys', 'trustedKeys', 'identities', 'transparency', 'sigstore'] as const;

function loadDeclaredRequirements(
  inputs: InputReader,
  host: SigningHost,
): Promise<readonly Requirement[]> {
  // The types of all members are checked against the schema.
  const requirements = (inputs.at('require').json() ?? []) as readonly RequirementArgs[];
  const inherited = Object.fromEntries(
    INHERITED.map((name) => [name, inputs.at(name).json() ?? undefined]),
  ) as TrustArgs;
  return loadRequirements(requirements, inherited, host, loadVerificationPolicy);
}

/** Reads the identities that are known, and reports what is wrong with each on its member. */
export function readIdentities(identities: InputReader): readonly TrustedIdentity[] {
  return identities.list().flatMap((each) => {
    const names = IDENTITY_MEMBERS.flatMap((name) => {
      const text = each.at(name).string();
      return text === undefined ? [] : [[name, text] as const];
    });
    const claims = CLAIM_MEMBERS.flatMap((name) =>
      each.at(name).isGiven ? [[name, each.at(name).record()] as const] : [],
    );
    const trusted: TrustedIdentity = Object.fromEntries([...names, ...claims]);
    const isGiven: IsGiven = (member) => each.at(member).isGiven;
    for (const { property, message } of identityProblems(trusted, each.path, isGiven)) {
      each.addProblem(message, 'INPUT_INVALID', property);
    }
    const { identity, identityPattern, issuer, issuerPattern } = trusted;
    const isKnown =
      (identity ?? identityPattern) !== undefined && (issuer ?? issuerPattern) !== undefined;
    return isKnown ? [trusted] : [];
  });
}

function readExpectation(inputs: InputReader): ProvenanceExpectation | undefined {
  const provenance = inputs.at('provenance');
  if (!provenance.isGiven) return undefined;
  const builderId = provenance.at('builderId').string();
  const buildType = provenance.at('buildType').string();
  const commit = provenance.at('commit').string();
  const parameters = provenance.at('externalParameters').string();
  return {
    ...(builderId !== undefined && { builderId }),
    ...(buildType !== undefined && { buildType }),
    ...(commit !== undefined && { commit }),
    ...(parameters !== undefined && { externalParameters: parseObject(parameters, provenance) }),
  };
}

function parseObject(text: string, provenance: InputReader): Readonly<Record<string, unknown>> {
  try {
    const value = parseBoundedJson(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Reported below, like any other text that is not a JSON object.
  }
  provenance.at('externalParameters').addProblem('must be the JSON text of an object');
  return {};
}
