import { selfReportedId } from '../builder-id';
import { textOf } from '../detected';
import type { CiSystem } from './ci-system';
import { UNKNOWN_REF } from './ref-facts';

/**
 * https://argo-workflows.readthedocs.io/en/latest/environment-variables/
 *
 * The controller sets `ARGO_NODE_ID` and `ARGO_CONTAINER_NAME` in every container of a workflow. No variable is
 * about the source: commit and repository are those of the work tree, and a branch has to be declared.
 */
export const argoWorkflows: CiSystem = {
  name: 'argo-workflows',
  documentation: 'https://argo-workflows.readthedocs.io/en/latest/environment-variables/',
  detect: (env) => {
    const node = textOf(env, 'ARGO_NODE_ID');
    if (node === undefined || textOf(env, 'ARGO_CONTAINER_NAME') === undefined) return undefined;
    return {
      ...UNKNOWN_REF,
      builder: { id: selfReportedId('argo-workflows'), system: 'argo-workflows' },
    };
  },
};
