import { createsProvenance } from '../../../attest';
import type { Problem } from '../../../error';
import { type Digest, formatReference, formatRepository, type Reference } from '../../../oci';
import { distinct, problemsOf } from '../../../error/signed-image-error';
import { validateSigningInputs } from '../../../sign';
import { validateAnnotations } from '../../../source';
import { token } from '../../package';
import type {
  CheckRequest,
  CheckResult,
  CreateResult,
  CrudResource,
  DiffRequest,
  DiffResult,
  ReadRequest,
  ReadResult,
} from '../protocol/crud-resource';
import { declaredClient, isAccessKnown } from '../inputs/declared-access';
import { buildProblems, readBuild } from '../inputs/declared-build';
import { readDeletion } from '../inputs/declared-registry';

import { readProvenance } from '../inputs/declared-provenance';
import { resolveForPush } from '../../../core/image-digest';
import { readReference, resolveOnce } from '../inputs/declared-image';
import { declaredSigner, readSigning } from '../inputs/declared-signing';
import { readSource } from '../inputs/declared-source';
import {
  keyProblems,
  retiredSignerProblems,
  trustedKeyProblems,
} from '../inputs/declared-trusted-keys';
import type { ResourceLog } from '../protocol/engine-log';
import type { PluginEnvironment } from '../environment';
import {
  changedInputs,
  type Properties,
  toValue,
  UNKNOWN,
  type Value,
} from '../protocol/wire-value';
import { InputReader } from '../inputs/input-reader';
import { declaredSource } from '../build/source-detection';

/**
 * Validates everything that is declared for one image: `check` reads the declaration, the source, the
 * keys and the registry, and reports every problem at once, on its property, before anything is written.
 * It stores only the outputs that the other resources need: no key, no password, no argument.
 */
export function createSigningPlan(environment: PluginEnvironment): CrudResource {
  return {
    type: token('SigningPlan'),
    check: (request) => check(request, environment),
    diff: (request) => diff(request, environment),
    create: async ({ inputs }): Promise<CreateResult> => ({
      id: String(inputs['repository'] === UNKNOWN ? 'plan' : inputs['repository']),
      outputs: inputs,
    }),
    update: async ({ inputs }) => inputs,
    // The plan describes the declaration: there is nothing to refresh.
    read: async ({ inputs, outputs }: ReadRequest): Promise<ReadResult> => ({ inputs, outputs }),
    delete: async () => undefined,
  };
}

async function diff(
  { urn, id, oldInputs, news }: DiffRequest,
  { moves }: PluginEnvironment,
): Promise<DiffResult> {
  const changed = changedInputs(oldInputs, news);
  const replaces = changed.filter((name) => name === 'repository');
  moves.record(urn, replaces.length > 0 ? id : undefined);
  return { changed, replaces };
}

async function check(
  { olds, news, log }: CheckRequest,
  environment: PluginEnvironment,
): Promise<CheckResult> {
  const inputs = new InputReader(news);
  const reference = readReference(inputs.at('image'));
  const build = inputs.at('build').isGiven;
  const signing = readSigning(inputs);
  readDeletion(inputs);
  const found = await Promise.all([
    validateSigningInputs(signing.config, environment.host, inputs.unknown),
    sourceProblems(inputs, environment, log),
    buildAndDigestProblems(inputs, reference, environment),
    // An additional trusted key must be readable now, not after the signature is written.
    keyProblems(inputs.at('verify').at('keys'), environment.host),
    trustedKeyProblems(inputs.at('verify').at('trustedKeys'), environment.host),
    provenanceProblems(inputs, build, signing.config.keyless !== undefined),
  ]);
  const annotations = validateAnnotations(inputs.at('annotations').record());
  const access = await checkAccess(inputs, reference, olds, environment, log);
  const signer = await declaredSigner(signing, environment);
  const keyId = new InputReader(signer).at('keyId').string();
  const retired = await retiredSignerProblems(
    keyId,
    inputs.at('verify').at('trustedKeys'),
    environment.host,
  );
  return {
    inputs: planOutputs(inputs, reference, build, access.digest, signer),
    problems: distinct([
      ...inputs.problems,
      ...found.flat(),
      ...annotations,
      ...access.problems,
      ...retired,
    ]).filter(({ property }) => inputs.isKnown(property)),
  };
}

async function sourceProblems(
  inputs: InputReader,
  environment: PluginEnvironment,
  log: ResourceLog,
): Promise<readonly Problem[]> {
  const overrides = readSource(inputs.at('source'));
  const build = inputs.at('build');
  // Read first, because reading records what is unknown.
  const declared = build.isGiven ? readBuild(build, environment.cwd) : undefined;
  const isKnown = inputs.isKnown('build.context') && inputs.isKnown('build.dockerfile');
  const paths = isKnown ? declared : undefined;
  if (!inputs.isKnown('source.allowDirty') || !inputs.isKnown('source.directory')) return [];
  return problemsOf('source', async () => {
    const facts = await declaredSource(overrides, paths, environment);
    for (const warning of facts.warnings ?? []) log.warn(warning);
  });
}

async function buildAndDigestProblems(
  inputs: InputReader,
  reference: Reference | undefined,
  { cwd }: PluginEnvironment,
): Promise<readonly Problem[]> {
  const build = inputs.at('build');
  if (!build.isGiven) return [];
  const digest: Problem[] = reference?.digest
    ? [
        {
          property: 'image',
          code: 'INPUT_INVALID',
          message:
            'has a digest, which is known only after the build; use host/repo[:tag], or remove `build` to sign that image',
        },
      ]
    : [];
  return [...digest, ...(await buildProblems(inputs, cwd))];
}

async function provenanceProblems(
  inputs: InputReader,
  build: boolean,
  isKeyless: boolean,
): Promise<readonly Problem[]> {
  const declared = readProvenance(inputs.at('provenance'));
  const problems = await problemsOf('provenance', async () =>
    createsProvenance({ build, ...declared }),
  );
  if (declared.form !== 'github-actions' || isKeyless || problems.length > 0) return problems;
  return [
    {
      property: 'provenance.form',
      code: 'INPUT_INVALID',
      message:
        '`github-actions` requires a keyless signature in GitHub Actions: a key does not prove which job signed; use `auto` or `signed-image`',
    },
  ];
}

interface Access {
  readonly digest?: Digest | undefined;
  readonly problems: readonly Problem[];
}

/**
 * Checks the access to the registry and resolves the digest of an existing image. The result of an
 * earlier plan is kept without a request, unless a tag may have moved.
 */
async function checkAccess(
  inputs: InputReader,
  reference: Reference | undefined,
  olds: Properties,
  environment: PluginEnvironment,
  log: ResourceLog,
): Promise<Access> {
  if (!reference || !isAccessKnown(inputs)) return { problems: [] };
  const isBuilt = inputs.at('build').isGiven;
  const before = isPlanned(reference, olds);
  if (before && (isBuilt || reference.digest)) return { problems: [], digest: reference.digest };
  let digest: Digest | undefined;
  const problems = await problemsOf('image', async () => {
    const client = declaredClient(reference, inputs, environment);
    if (isBuilt) await client.checkAccess(reference.repository, 'push');
    else if (before) digest = await resolveOnce(reference, olds, client, log);
    else digest = await resolveForPush(reference, client);
  });
  return { problems, ...(digest && { digest }) };
}

/** Whether an earlier update used the same reference, so that the access was checked then. */
function isPlanned(reference: Reference, olds: Properties): boolean {
  const hasDigest = typeof olds['digest'] === 'string';
  return olds['image'] === formatReference(reference) && (hasDigest || olds['digest'] === null);
}

function planOutputs(
  inputs: InputReader,
  reference: Reference | undefined,
  build: boolean,
  digest: Digest | undefined,
  signer: Value,
): Properties {
  if (!reference) return { image: UNKNOWN, repository: UNKNOWN, digest: UNKNOWN, signer };
  const pending = build || inputs.problems.length > 0 ? null : UNKNOWN;
  return {
    image: formatReference(reference),
    repository: formatRepository(reference.repository),
    digest: digest ? toValue(digest) : pending,
    signer,
  };
}
