import type { Problem } from '../../../error';
import { parseBoundedJson } from '../../../http/json-bounds';
import { problemsOf } from '../../../error/signed-image-error';
import {
  loadPublicKey,
  type PublicKey,
  type SignatureFormat,
  type SigningHost,
} from '../../../sign';
import type {
  ProvenanceExpectation,
  Transparency,
  TrustedIdentity,
  VerificationPolicy,
} from '../../../verify';
import { trustedRootFor } from '../../../core/policy-args';
import { readSigstore } from './declared-signing';
import { keyProblems, loadTrustedKeys, trustedKeyProblems } from './declared-trusted-keys';
import type { InputReader } from './input-reader';

const FORMATS: readonly (SignatureFormat | 'any')[] = ['any', 'bundle', 'legacy', 'both'];
const TRANSPARENCIES: readonly Transparency[] = ['log', 'timestamp', 'none'];

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
  if (signers.every((signer) => signer.list().length === 0 && !signer.isUnknown)) {
    inputs.at('keys').addProblem('no signer is trusted: give at least one key or identity');
  }
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
  return [...signerErrors, ...expectation, ...roots];
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
  };
}

/** Reads keyless signers; both members are required. */
export function readIdentities(identities: InputReader): readonly TrustedIdentity[] {
  return identities.list().flatMap((each) => {
    const identity = each.at('identity').string();
    const issuer = each.at('issuer').string();
    for (const member of ['identity', 'issuer']) {
      if (!each.at(member).isGiven)
        each.at(member).addProblem('is required: it must match exactly');
    }
    return identity === undefined || issuer === undefined ? [] : [{ identity, issuer }];
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
