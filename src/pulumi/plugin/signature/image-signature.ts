import type { Problem } from '../../../error';
import { formatRepository, parseReference, type Reference } from '../../../oci';
import { distinct } from '../../../error/signed-image-error';
import { isSecretReference, shownReference, validateSigningInputs } from '../../../sign';
import { validateAnnotations, validateOverrides } from '../../../source';
import { token } from '../../package';
import type { StoredSignatureOutput } from '../../resources/signature-outputs';
import type {
  CheckRequest,
  CheckResult,
  CreateRequest,
  CreateResult,
  CrudResource,
  DiffRequest,
  DiffResult,
  UpdateRequest,
} from '../protocol/crud-resource';
import { readDeletion } from '../inputs/declared-registry';
import { accessProblems } from '../inputs/declared-access';
import { readReference } from '../inputs/declared-image';
import { declaredSigner, readSigning } from '../inputs/declared-signing';
import { readSource } from '../inputs/declared-source';
import type { PluginEnvironment } from '../environment';
import {
  changedInputs,
  hasUnknown,
  type Properties,
  reveal,
  Secret,
  type Value,
} from '../protocol/wire-value';
import { InputReader } from '../inputs/input-reader';
import { driftOfSignature, readSignature } from './refresh';
import { describeRemoval, removeSignatures } from './delete';
import { plannedSignature } from './preview';
import { signatureOutputs } from './sign';

/** Signs an image, its platform manifests and their provenance; reuses existing signatures. */
export function createImageSignature(environment: PluginEnvironment): CrudResource {
  return {
    type: token('ImageSignature'),
    check: (request) => check(request, environment),
    diff: (request) => diff(request, environment),
    create: (request) => create(request, environment),
    update: (request) => update(request, environment),
    read: (request) => readSignature(request, environment),
    // By default signatures are kept: they remain valid, and others may rely on them.
    delete: (request) => removeSignatures(request, environment),
  };
}

async function check(
  { urn, olds, news }: CheckRequest,
  environment: PluginEnvironment,
): Promise<CheckResult> {
  const inputs = new InputReader(news);
  const reference = readReference(inputs.at('image'));
  const signing = readSigning(inputs);
  readDeletion(inputs);
  const problems: readonly Problem[] = [
    ...inputs.problems,
    ...referenceProblems(reference),
    ...(await validateSigningInputs(signing.config, environment.host, inputs.unknown)),
    ...validateAnnotations(inputs.at('annotations').record()),
    ...validateOverrides(readSource(inputs.at('source')), environment.env),
  ];
  const { key, ...rest } = news;
  // Put even without a key: an earlier key must not be used again.
  environment.handoff.put(urn, key === undefined || key === null ? {} : { key });
  const checked: Properties = {
    ...rest,
    ...(signing.config.key && { key: { ref: storedReference(key, signing.config.key.ref) } }),
    signer: await declaredSigner(signing, environment),
  };
  const accessErrors = await accessProblemsOnChange(olds, checked, reference, inputs, environment);
  return {
    inputs: checked,
    problems: distinct([...problems, ...accessErrors]).filter(({ property }) =>
      inputs.isKnown(property),
    ),
  };
}

/** Returns the reference without its secrets. It keeps the mark of the program, except that of a key, which is not in it. */
function storedReference(declared: Value | undefined, ref: string): Value {
  const shown = shownReference(ref);
  const given = new InputReader({ key: declared ?? null }).at('key').at('ref');
  return given.isSecret && !isSecretReference(ref) ? new Secret(shown) : shown;
}

/** A change of this input alone is only stored: it requires no read and no write. */
const DELETION = 'deletion';

/** The first update checks the access in its plan, and an update without changes need not check it. */
async function accessProblemsOnChange(
  olds: Properties,
  news: Properties,
  reference: Reference | undefined,
  inputs: InputReader,
  environment: PluginEnvironment,
): Promise<readonly Problem[]> {
  const changed = changedInputs(olds, news).join();
  if (Object.keys(olds).length === 0 || changed === '' || changed === DELETION) return [];
  return accessProblems(reference, inputs, environment);
}

function referenceProblems(reference: Reference | undefined): readonly Problem[] {
  if (!reference || reference.digest) return [];
  const message = 'must have a digest (host/repo@sha256:...): a tag may move while it is signed';
  return [{ property: 'image', code: 'REFERENCE_INVALID', message }];
}

async function diff(
  { oldInputs, oldOutputs, news, id, urn, log }: DiffRequest,
  environment: PluginEnvironment,
): Promise<DiffResult> {
  const changed = changedInputs(oldInputs, news);
  const moved =
    changed.includes('image') &&
    (hasUnknown(news['image']) ? environment.moves.isMoved(urn, id) : repositoryOf(news) !== id);
  const drift = hasDrift(oldOutputs);
  const removal = moved ? describeRemoval(oldInputs, oldOutputs) : undefined;
  if (removal) log.info(`the replacement removes ${removal} from ${id}`);
  if (!moved) recordUse(urn, oldInputs, oldOutputs, environment);
  const always = news['always'] === true && changed.length === 0 && !drift;
  const hasNewDrift =
    always &&
    (await driftOfSignature({ urn, id, inputs: oldInputs, outputs: oldOutputs, log }, environment))
      .length > 0;
  return {
    changed: drift || hasNewDrift ? [...changed, 'signatures'] : changed,
    replaces: moved ? ['image'] : [],
  };
}

/** `host/repo`: another repository requires a replacement. */
function repositoryOf(inputs: Properties): string {
  return String(reveal(inputs['image'] ?? null)).split('@')[0] ?? '';
}

async function create(
  request: CreateRequest,
  environment: PluginEnvironment,
): Promise<CreateResult> {
  const outputs = await write(request, {}, {}, environment);
  return { id: repositoryOf(request.inputs), outputs };
}

async function update(request: UpdateRequest, environment: PluginEnvironment): Promise<Properties> {
  const { inputs, oldInputs, oldOutputs, log } = request;
  const changed = changedInputs(oldInputs, inputs);
  if (changed.join() !== DELETION || hasDrift(oldOutputs)) {
    return write(request, oldInputs, oldOutputs, environment);
  }
  log.info(`a delete would remove ${describeRemoval(inputs, oldOutputs) ?? 'no signature'}`);
  return oldOutputs;
}

function hasDrift(outputs: Properties): boolean {
  return new InputReader(outputs).at('drift').list().length > 0;
}

/** Protects the image and its signatures, including reused ones, from deletion by another resource. */
function recordUse(
  urn: string,
  inputs: Properties,
  outputs: Properties,
  { uses }: PluginEnvironment,
): void {
  const { repository, digest } = parseReference(new InputReader(inputs).at('image').string() ?? '');
  const signatures = (new InputReader(outputs).at('signatures').json() ??
    []) as readonly StoredSignatureOutput[];
  const digests = signatures.flatMap(({ subject, stored }) => [subject, stored]);
  uses.record(urn, formatRepository(repository), [...(digest ? [digest] : []), ...digests]);
}

async function write(
  request: CreateRequest | UpdateRequest,
  oldInputs: Properties,
  oldOutputs: Properties,
  environment: PluginEnvironment,
): Promise<Properties> {
  const before = { inputs: oldInputs, outputs: oldOutputs };
  if (request.preview) return plannedSignature(request, before, environment);
  const id = repositoryOf(request.inputs);
  environment.readCache.invalidate(parseReference(id).repository);
  const outputs = await signatureOutputs(id, request, before, environment);
  recordUse(request.urn, request.inputs, outputs, environment);
  return outputs;
}
