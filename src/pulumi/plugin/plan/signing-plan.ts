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
import { declaredClient, knowsAccess } from '../inputs/declared-access';
import { buildProblems, readBuild } from '../inputs/declared-build';
import { readDeletion } from '../inputs/declared-registry';

import { readProvenance } from '../inputs/declared-provenance';
import { digestInReach, readReference, resolveOnce } from '../inputs/declared-image';
import { declaredSigner, readSigning } from '../inputs/declared-signing';
import { readSource } from '../inputs/declared-source';
import { keyProblems, retiredSigner, trustedKeyProblems } from '../inputs/declared-trusted-keys';
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
 * The gate: `check` looks at all that was declared for one image and at the world it needs, so
 * that every mistake is said at once, on its property, before anything is written. What it stores
 * is only what the others start from: no key, no password, no argument.
 */
export function createSigningPlan(environment: PluginEnvironment): CrudResource {
  return {
    type: token('SigningPlan'),
    check: (request) => check(request, environment),
    diff,
    create: async ({ inputs }): Promise<CreateResult> => ({
      id: String(inputs['repository'] === UNKNOWN ? 'plan' : inputs['repository']),
      outputs: inputs,
    }),
    update: async ({ inputs }) => inputs,
    // The plan is a statement about the declaration: there is nothing outside to look at.
    read: async ({ inputs, outputs }: ReadRequest): Promise<ReadResult> => ({ inputs, outputs }),
    delete: async () => undefined,
  };
}

async function diff({ oldInputs, news }: DiffRequest): Promise<DiffResult> {
  const changed = changedInputs(oldInputs, news);
  return { changed, replaces: changed.filter((name) => name === 'repository') };
}

async function check(
  { olds, news, log }: CheckRequest,
  environment: PluginEnvironment,
): Promise<CheckResult> {
  const inputs = new InputReader(news);
  const reference = readReference(inputs.at('image'));
  const build = inputs.at('build').given;
  const signing = readSigning(inputs);
  readDeletion(inputs);
  const found = await Promise.all([
    validateSigningInputs(signing.config, environment.host, inputs.unknown),
    sourceProblems(inputs, environment, log),
    buildAndDigestProblems(inputs, reference, environment),
    // A key that is trusted besides must be readable now, not after the signature was written.
    keyProblems(inputs.at('verify').at('keys'), environment.host),
    trustedKeyProblems(inputs.at('verify').at('trustedKeys'), environment.host),
    provenanceProblems(inputs, build),
  ]);
  const annotations = validateAnnotations(inputs.at('annotations').record());
  const access = await accessTo(inputs, reference, olds, environment, log);
  const signer = await declaredSigner(signing, environment);
  const keyId = new InputReader(signer).at('keyId').string();
  const retired = await retiredSigner(
    keyId,
    inputs.at('verify').at('trustedKeys'),
    environment.host,
  );
  return {
    inputs: planned(inputs, reference, build, access.digest, signer),
    problems: distinct([
      ...inputs.problems,
      ...found.flat(),
      ...annotations,
      ...access.problems,
      ...retired,
    ]).filter(({ property }) => inputs.knows(property)),
  };
}

async function sourceProblems(
  inputs: InputReader,
  environment: PluginEnvironment,
  log: ResourceLog,
): Promise<readonly Problem[]> {
  const overrides = readSource(inputs.at('source'));
  const build = inputs.at('build');
  // Read first: what is unknown is noted then.
  const declared = build.given ? readBuild(build, environment.cwd) : undefined;
  const isKnown = inputs.knows('build.context') && inputs.knows('build.dockerfile');
  const paths = isKnown ? declared : undefined;
  if (!inputs.knows('source.allowDirty') || !inputs.knows('source.directory')) return [];
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
  if (!build.given) return [];
  const digest: Problem[] = reference?.digest
    ? [
        {
          property: 'image',
          code: 'INPUT_INVALID',
          message:
            'has a digest, which only the build can tell; give host/repo[:tag], or leave `build` out to sign that image',
        },
      ]
    : [];
  return [...digest, ...(await buildProblems(inputs, cwd))];
}

async function provenanceProblems(
  inputs: InputReader,
  build: boolean,
): Promise<readonly Problem[]> {
  const declared = readProvenance(inputs.at('provenance'));
  return problemsOf('provenance', async () => createsProvenance({ build, ...declared }));
}

interface Access {
  readonly digest?: Digest | undefined;
  readonly problems: readonly Problem[];
}

/**
 * Whether the registry lets us in, and which digest an existing image has. What an earlier plan has
 * found stays: then nobody is asked, unless a tag may have moved.
 */
async function accessTo(
  inputs: InputReader,
  reference: Reference | undefined,
  olds: Properties,
  environment: PluginEnvironment,
  log: ResourceLog,
): Promise<Access> {
  if (!reference || !knowsAccess(inputs)) return { problems: [] };
  const isBuilt = inputs.at('build').given;
  const before = isPlanned(reference, olds);
  if (before && (isBuilt || reference.digest)) return { problems: [], digest: reference.digest };
  let digest: Digest | undefined;
  const problems = await problemsOf('image', async () => {
    const client = declaredClient(reference, inputs, environment);
    if (isBuilt) await client.checkAccess(reference.repository, 'push');
    else if (before) digest = await resolveOnce(reference, olds, client, log);
    else digest = await digestInReach(reference, client);
  });
  return { problems, ...(digest && { digest }) };
}

/** An earlier update went by the same reference, so it was asked then. */
function isPlanned(reference: Reference, olds: Properties): boolean {
  const hasDigest = typeof olds['digest'] === 'string';
  return olds['image'] === formatReference(reference) && (hasDigest || olds['digest'] === null);
}

function planned(
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
