import { distinct, InvalidInputError, type Problem, SignedImageError } from '../../../error';
import { redactSecrets, redactText } from '../../../error/redaction';
import { parseReference, pinned, type Reference, type RegistryClient } from '../../../oci';
import {
  inspectImage,
  listSignatures,
  readImageManifests,
  unmetLines,
  type VerificationPolicy,
} from '../../../verify';
import type {
  ListSignaturesResult,
  ResolveImageResult,
  VerifyImageResult,
} from '../../functions/results';
import { token } from '../../package';
import { FUNCTION_INPUTS, type FunctionName } from '../../secrecy/input-table';
import type { PluginEnvironment } from '../environment';
import type * as logAuditModule from './log-audit';
import { resolveDigest } from '../../../core/image-digest';
import { readReference } from '../inputs/declared-image';
import { loadPolicy, policyProblems } from '../inputs/declared-policy';
import { readRegistry } from '../inputs/declared-registry';
import { guardInputs } from '../inputs/guarded-inputs';
import { InputReader } from '../inputs/input-reader';
import { inputTypeProblems } from '../inputs/input-types';
import { lazy } from '../protocol/first-use';
import { secretStrings } from '../protocol/secret-marks';
import { type Properties, reveal, toValue } from '../protocol/wire-value';

/** The result of a function, or what is wrong with its inputs. */
export type FunctionResult =
  { readonly result: Properties } | { readonly problems: readonly Problem[] };

type Problems = (
  inputs: InputReader,
  environment: PluginEnvironment,
) => Promise<readonly Problem[]>;
type Run = (inputs: InputReader, environment: PluginEnvironment) => Promise<object>;

interface PackageFunction {
  readonly problems: Problems;
  readonly run: Run;
}

type ImageRun = (
  reference: Reference,
  inputs: InputReader,
  environment: PluginEnvironment,
) => Promise<object>;

/** A function of an image in a registry. */
function ofImage(run: ImageRun, problems: Problems = async () => []): PackageFunction {
  return {
    problems: async (inputs, environment) => {
      readReference(inputs.at('image'));
      readRegistry(inputs.at('registry'));
      return problems(inputs, environment);
    },
    run: (inputs, environment) =>
      run(parseReference(inputs.at('image').string() ?? ''), inputs, environment),
  };
}

const logAudit = lazy(() => require('./log-audit') as typeof logAuditModule);

const FUNCTIONS: Readonly<Record<FunctionName, PackageFunction>> = {
  verifyImage: ofImage(verify, (inputs, { host }) => policyProblems(inputs, host)),
  listSignatures: ofImage(list),
  resolveImage: ofImage(resolve),
  auditLog: {
    problems: async (...args) => logAudit.get().logAuditProblems(...args),
    run: async (...args) => logAudit.get().auditLog(...args),
  },
};

/** Calls a function. Its inputs are stored nowhere; secrets among them are not in its errors. */
export async function callFunction(
  name: FunctionName,
  given: Properties,
  environment: PluginEnvironment,
): Promise<FunctionResult> {
  const secrets = secretStrings(given);
  const {
    inputs,
    problems,
    secrets: guarded,
  } = guardInputs(
    FUNCTION_INPUTS[name],
    // A mark does not matter here: the SDK marks the result.
    toValue(reveal(given)) as Properties,
  );
  const toRedact = [...secrets, ...guarded];
  const reader = new InputReader(inputs);
  const refused = (all: readonly Problem[]): FunctionResult => ({
    problems: all.map((problem) => ({
      ...problem,
      message: redactText(problem.message, toRedact),
    })),
  });
  try {
    const further = await FUNCTIONS[name].problems(reader, environment);
    const types = inputTypeProblems(token(name), inputs);
    const ofInputs = [...reader.problems, ...further];
    const all = distinct([
      ...problems,
      ...types,
      ...ofInputs.filter(({ property }) => reader.isKnown(property)),
    ]);
    if (all.length > 0) return refused(all);
    return { result: toValue(await FUNCTIONS[name].run(reader, environment)) as Properties };
  } catch (error) {
    if (error instanceof InvalidInputError) return refused(error.problems);
    throw redactSecrets(error, toRedact);
  }
}

const clientOf = (
  { repository }: Reference,
  inputs: InputReader,
  environment: PluginEnvironment,
): RegistryClient => environment.registryClient(repository, readRegistry(inputs.at('registry')));

async function verify(
  reference: Reference,
  inputs: InputReader,
  environment: PluginEnvironment,
): Promise<VerifyImageResult> {
  const client = clientOf(reference, inputs, environment);
  const policy: VerificationPolicy = await loadPolicy(inputs, environment.host);
  const digest = reference.digest ?? (await resolveDigest(reference, client));
  const { repository } = reference;
  const report = await inspectImage(repository, digest, policy, client);
  const unmet = [...unmetLines(report, policy)];
  const { signer, annotations, provenance, manifests, requirements } = report;
  const verified = report.verified && unmet.length === 0;
  return {
    verified,
    reference: pinned(repository, digest),
    digest,
    ...(signer && { signer }),
    signedAnnotations: annotations,
    ...(provenance !== undefined && { verifiedProvenance: JSON.stringify(provenance) }),
    verification: JSON.stringify({ verified, digest, manifests, requirements }),
    unmet,
  };
}

async function list(
  reference: Reference,
  inputs: InputReader,
  environment: PluginEnvironment,
): Promise<ListSignaturesResult> {
  const client = clientOf(reference, inputs, environment);
  const { repository } = reference;
  const digest = reference.digest ?? (await resolveDigest(reference, client));
  const { signatures, unreadable } = await listSignatures(repository, digest, client);
  return {
    reference: pinned(repository, digest),
    digest,
    signatures: signatures.map(({ identity, logEntries, ...rest }) => ({
      ...rest,
      ...identity,
      logIndexes: logEntries.map(({ logIndex }) => logIndex),
    })),
    unreadable: unreadable.map((each) => ({ ...each })),
  };
}

async function resolve(
  reference: Reference,
  inputs: InputReader,
  environment: PluginEnvironment,
): Promise<ResolveImageResult> {
  const client = clientOf(reference, inputs, environment);
  const { repository } = reference;
  const digest = reference.digest ?? (await resolveDigest(reference, client));
  const [image, ...below] = await readImageManifests(repository, digest, client.task());
  if (!image) throw new SignedImageError({ code: 'INTERNAL', message: 'an image has no manifest' });
  return {
    reference: pinned(repository, digest),
    digest,
    mediaType: image.descriptor.mediaType,
    platforms: below.flatMap(({ platform, descriptor }) =>
      platform === undefined ? [] : [{ platform, digest: descriptor.digest }],
    ),
  };
}
