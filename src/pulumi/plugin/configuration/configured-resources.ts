import type { Problem } from '../../../error';
import type { CrudResource } from '../protocol/crud-resource';
import type { ProviderInputsHandler } from '../protocol/crud-service';
import type { PluginEnvironment } from '../environment';
import type { Properties } from '../protocol/wire-value';
import type * as configurationModule from './provider-configuration';
import type * as defaultsModule from './resource-defaults';

/** The configuration of this provider, and the resources that take their defaults from it. */
export interface Configured {
  readonly provider: ProviderInputsHandler;
  readonly resources: readonly CrudResource[];
}

/** Lets the resources take defaults from the provider. The modules for it are loaded only if there are any. */
export function configuredResources(
  resources: readonly CrudResource[],
  environment: () => PluginEnvironment,
): Configured {
  const configuration = () => require('./provider-configuration') as typeof configurationModule;
  let defaults: Properties = {};
  const provider: ProviderInputsHandler = {
    check: async (inputs) =>
      hasInputs(inputs) ? configuration().providerProblems(inputs, environment()) : [],
    configure: (inputs) => {
      defaults = hasInputs(inputs) ? configuration().providerDefaults(inputs) : {};
    },
  };
  const withProvider = (resource: CrudResource): CrudResource => ({
    ...resource,
    check: async (request) => {
      if (!hasInputs(defaults)) return resource.check(request);
      const { withDefaults } = require('./resource-defaults') as typeof defaultsModule;
      const { inputs, defaulted } = withDefaults(nameOf(resource), request.news, defaults);
      const checked = await resource.check({ ...request, news: inputs });
      return { ...checked, problems: checked.problems.map((each) => attributed(each, defaulted)) };
    },
  });
  return { provider, resources: resources.map(withProvider) };
}

/** The engine always sends the version of the provider. */
const hasInputs = (inputs: Properties): boolean =>
  Object.keys(inputs).some((name) => name !== 'version' && name !== '__internal');

const nameOf = ({ type }: CrudResource): string => type.slice(type.lastIndexOf(':') + 1);

/** Says of a problem that the program does not declare the value. */
function attributed(problem: Problem, defaulted: ReadonlySet<string>): Problem {
  const name = /^\w+/.exec(problem.property)?.[0] ?? '';
  if (!defaulted.has(name)) return problem;
  return { ...problem, message: `${problem.message} (from the configuration of the provider)` };
}
