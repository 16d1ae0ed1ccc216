import { token } from '../package';
import type * as table from '../secrecy/input-table';
import type { CrudResource } from './protocol/crud-resource';
import type { PluginEnvironment } from './environment';
import { lazy } from './protocol/first-use';
import type * as guard from './inputs/guarded-resource';
import type * as imageBuild from './build/image-build';
import type * as imageSignature from './signature/image-signature';
import type * as jobSummary from './summary/job-summary';
import type * as summarized from './summary/summarized-resource';
import type * as signingPlan from './plan/signing-plan';
import type * as verifiedImage from './verification/verified-image';

type ServedName = 'SigningPlan' | 'ImageBuild' | 'ImageSignature' | 'VerifiedImage';
type Create = (environment: PluginEnvironment) => CrudResource;

/** Each resource, with its dependencies, is loaded when the engine first uses it (docs/explanation/adr/0009). */
const RESOURCES: Readonly<Record<ServedName, () => Create>> = {
  SigningPlan: () => (require('./plan/signing-plan') as typeof signingPlan).createSigningPlan,
  ImageBuild: () => (require('./build/image-build') as typeof imageBuild).createImageBuild,
  ImageSignature: () =>
    (require('./signature/image-signature') as typeof imageSignature).createImageSignature,
  VerifiedImage: () =>
    (require('./verification/verified-image') as typeof verifiedImage).createVerifiedImage,
};

/** The custom resources that this plugin serves. */
export function createResources(environment: () => PluginEnvironment): readonly CrudResource[] {
  const summarize = lazy(() => createSummary(environment()));
  return (Object.keys(RESOURCES) as ServedName[]).map((name) =>
    lazyResource(token(name), () => {
      const { guardedResource } = require('./inputs/guarded-resource') as typeof guard;
      const { RESOURCE_INPUTS } = require('../secrecy/input-table') as typeof table;
      const resource = guardedResource(RESOURCES[name]()(environment()), RESOURCE_INPUTS[name]);
      // Outside of the guard, which redacts the errors.
      return summarize.get()(resource);
    }),
  );
}

/** The modules of the summary are loaded only if the job opts in. */
function createSummary({ env, host }: PluginEnvironment): (resource: CrudResource) => CrudResource {
  const { JobSummary, summaryPath } = require('./summary/job-summary') as typeof jobSummary;
  const path = summaryPath(env);
  if (path === undefined) return (resource) => resource;
  const { SummarizedRun, summarizedResource } =
    require('./summary/summarized-resource') as typeof summarized;
  const run = new SummarizedRun(new JobSummary(path), () => host.now());
  return (resource) => summarizedResource(resource, run);
}

function lazyResource(type: string, load: () => CrudResource): CrudResource {
  const resource = lazy(load);
  return {
    type,
    check: async (request) => resource.get().check(request),
    diff: async (request) => resource.get().diff(request),
    create: async (request) => resource.get().create(request),
    update: async (request) => resource.get().update(request),
    read: async (request) => resource.get().read(request),
    delete: async (request) => resource.get().delete(request),
  };
}
