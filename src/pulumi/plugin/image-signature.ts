import type { Problem } from '../../error';
import type { Reference } from '../../oci';
import { distinct } from '../../problem-collection';
import { shownReference, validateSigningConfig } from '../../sign';
import { validateAnnotations, validateOverrides } from '../../source';
import { token } from '../package';
import type {
  CheckRequest,
  CheckResult,
  CreateRequest,
  CreateResult,
  CrudResource,
  DiffRequest,
  DiffResult,
  UpdateRequest,
} from './crud-resource';
import { readReference } from './declared-image';
import { declaredSigner } from './declared-signer';
import { readSigning } from './declared-signing';
import { readSource } from './declared-source';
import type { PluginEnvironment } from './environment';
import { changedInputs } from './input-difference';
import { InputReader } from './input-reader';
import { readSignature } from './signature-reading';
import { plannedSignature } from './signature-planning';
import { signatureOutputs } from './signature-writing';
import { hasUnknown, type Properties, reveal } from './wire-value';

/** Signs an image, its platform manifests and their provenance; finds again what is there. */
export function createImageSignature(environment: PluginEnvironment): CrudResource {
  return {
    type: token('ImageSignature'),
    check: (request) => check(request, environment),
    diff: (request) => diff(request, environment),
    create: (request) => create(request, environment),
    update: (request) => write(request, request.oldInputs, request.oldOutputs, environment),
    read: (request) => readSignature(request, environment),
    // Signatures stay: what they say stays true, and others may rely on it.
    delete: async () => undefined,
  };
}

async function check(
  { urn, news }: CheckRequest,
  environment: PluginEnvironment,
): Promise<CheckResult> {
  const inputs = new InputReader(news);
  const reference = readReference(inputs.at('image'));
  const signing = readSigning(inputs);
  const problems: readonly Problem[] = [
    ...inputs.problems,
    ...wrongReference(reference),
    ...(await validateSigningConfig(signing.config, environment.host, inputs.unknown)),
    ...validateAnnotations(inputs.at('annotations').record()),
    ...validateOverrides(readSource(inputs.at('source')), environment.env),
  ];
  const { key, ...rest } = news;
  // Put even if there is none: an earlier one must not be found again.
  environment.handoff.put(urn, key === undefined || key === null ? {} : { key });
  return {
    inputs: {
      ...rest,
      ...(signing.config.key && { key: { ref: shownReference(signing.config.key.ref) } }),
      signer: await declaredSigner(signing, environment),
    },
    problems: distinct(problems).filter(({ property }) => inputs.knows(property)),
  };
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
  const drift = new InputReader(oldOutputs).at('drift').list().length > 0;
  const always = news['always'] === true && changed.length === 0 && !drift;
  const lost =
    always &&
    (await drifted({ urn, id, inputs: oldInputs, outputs: oldOutputs, log }, environment));
  return {
    changed: drift || lost ? [...changed, 'signatures'] : changed,
    replaces: moved ? ['image'] : [],
  };
}

async function drifted(
  request: Parameters<typeof readSignature>[0],
  environment: PluginEnvironment,
): Promise<boolean> {
  const found = await readSignature(request, environment);
  return new InputReader(found?.outputs).at('drift').list().length > 0;
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

async function write(
  request: CreateRequest | UpdateRequest,
  oldInputs: Properties,
  oldOutputs: Properties,
  environment: PluginEnvironment,
): Promise<Properties> {
  const before = { inputs: oldInputs, outputs: oldOutputs };
  return request.preview
    ? plannedSignature(request, before, environment)
    : signatureOutputs(repositoryOf(request.inputs), request, before, environment);
}
