import type { Problem } from '../../../error';
import { formatRepository, parseReference, type Reference } from '../../../oci';
import { distinct } from '../../../error/signed-image-error';
import { shownReference, validateSigningInputs } from '../../../sign';
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
import { changedInputs, hasUnknown, type Properties, reveal } from '../protocol/wire-value';
import { InputReader } from '../inputs/input-reader';
import { driftOfSignature, readSignature } from './refresh';
import { plannedRemoval, removeSignatures } from './delete';
import { plannedSignature } from './preview';
import { signatureOutputs } from './sign';

/** Signs an image, its platform manifests and their provenance; finds again what is there. */
export function createImageSignature(environment: PluginEnvironment): CrudResource {
  return {
    type: token('ImageSignature'),
    check: (request) => check(request, environment),
    diff: (request) => diff(request, environment),
    create: (request) => create(request, environment),
    update: (request) => update(request, environment),
    read: (request) => readSignature(request, environment),
    // By default they stay: what they say stays true, and others may rely on it.
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
    ...wrongReference(reference),
    ...(await validateSigningInputs(signing.config, environment.host, inputs.unknown)),
    ...validateAnnotations(inputs.at('annotations').record()),
    ...validateOverrides(readSource(inputs.at('source')), environment.env),
  ];
  const { key, ...rest } = news;
  // Put even if there is none: an earlier one must not be found again.
  environment.handoff.put(urn, key === undefined || key === null ? {} : { key });
  const checked: Properties = {
    ...rest,
    ...(signing.config.key && { key: { ref: shownReference(signing.config.key.ref) } }),
    signer: await declaredSigner(signing, environment),
  };
  const refused = await changedAccess(olds, checked, reference, inputs, environment);
  return {
    inputs: checked,
    problems: distinct([...problems, ...refused]).filter(({ property }) => inputs.knows(property)),
  };
}

/** What a delete does is kept with the inputs: there is nothing to look at, and nothing to write. */
const ONLY_KEPT = 'deletion';

/** A first update asks in its plan, and one in which nothing is to be done need not ask. */
async function changedAccess(
  olds: Properties,
  news: Properties,
  reference: Reference | undefined,
  inputs: InputReader,
  environment: PluginEnvironment,
): Promise<readonly Problem[]> {
  const changed = changedInputs(olds, news).join();
  if (Object.keys(olds).length === 0 || changed === '' || changed === ONLY_KEPT) return [];
  return accessProblems(reference, inputs, environment);
}

function wrongReference(reference: Reference | undefined): readonly Problem[] {
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
    changed.includes('image') && !hasUnknown(news['image']) && repositoryOf(news) !== id;
  const drift = hasDrift(oldOutputs);
  const removal = moved ? plannedRemoval(oldInputs, oldOutputs) : undefined;
  if (removal) log.info(`the replacement removes from ${id} ${removal}`);
  if (!moved) noteUse(urn, oldInputs, oldOutputs, environment);
  const always = news['always'] === true && changed.length === 0 && !drift;
  const lost =
    always &&
    (await driftOfSignature({ urn, id, inputs: oldInputs, outputs: oldOutputs, log }, environment))
      .length > 0;
  return {
    changed: drift || lost ? [...changed, 'signatures'] : changed,
    replaces: moved ? ['image'] : [],
  };
}

/** `host/repo`: another repository is another resource. */
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
  if (changed.join() !== ONLY_KEPT || hasDrift(oldOutputs)) {
    return write(request, oldInputs, oldOutputs, environment);
  }
  log.info(`a delete would remove ${plannedRemoval(inputs, oldOutputs) ?? 'no signature'}`);
  return oldOutputs;
}

function hasDrift(outputs: Properties): boolean {
  return new InputReader(outputs).at('drift').list().length > 0;
}

/** The image and its signatures, reused ones too, are not for another resource to delete. */
function noteUse(
  urn: string,
  inputs: Properties,
  outputs: Properties,
  { uses }: PluginEnvironment,
): void {
  const { repository, digest } = parseReference(new InputReader(inputs).at('image').string() ?? '');
  const signatures = (new InputReader(outputs).at('signatures').json() ??
    []) as readonly StoredSignatureOutput[];
  const digests = signatures.flatMap(({ subject, stored }) => [subject, stored]);
  uses.note(urn, formatRepository(repository), [...(digest ? [digest] : []), ...digests]);
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
  environment.looks.forget(parseReference(id).repository);
  const outputs = await signatureOutputs(id, request, before, environment);
  noteUse(request.urn, request.inputs, outputs, environment);
  return outputs;
}
