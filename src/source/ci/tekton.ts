import { selfReportedId } from '../builder-id';
import { textOf } from '../detected';
import type { CiSystem } from './ci-system';
import { UNKNOWN_REF } from './ref-facts';

/**
 * https://tekton.dev/docs/pipelines/variables/
 *
 * Tekton does not set variables in steps. Map `$(context.pipelineRun.name)` to `TEKTON_PIPELINE_RUN` or
 * `$(context.taskRun.name)` to `TEKTON_TASK_RUN` in `env` of the step, so that the system is recorded. Nothing
 * shows whether the run is for a request: commit and repository are those of the work tree, and a branch has to be
 * declared, for example from a parameter.
 */
export const tekton: CiSystem = {
  name: 'tekton',
  documentation: 'https://tekton.dev/docs/pipelines/variables/',
  detect: (env) => {
    if (textOf(env, 'TEKTON_PIPELINE_RUN', 'TEKTON_TASK_RUN') === undefined) return undefined;
    return { ...UNKNOWN_REF, builder: { id: selfReportedId('tekton'), system: 'tekton' } };
  },
};
