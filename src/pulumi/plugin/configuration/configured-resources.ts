import type { Problem } from '../../../error';
import type { CrudResource } from '../protocol/crud-resource';
import { SignedImageError } from '../../../error/signed-image-error';
import { token } from '../../package';
import type { FunctionName } from '../../secrecy/input-table';
import type * as functionsModule from '../functions/functions';
import type { FunctionsHandler, ProviderInputsHandler } from '../protocol/crud-service';
import type { PluginEnvironment } from '../environment';
import { changedInputs, type Properties } from '../protocol/wire-value';
import type * as configurationModule from './provider-configuration';
import type * as defaultsModule from './resource-defaults';
import type { DefaultedInputs } from './resource-defaults';

/** The configuration of this provider, and the resources that take their defaults from it. */
export interface Configured {
  readonly provider: ProviderInputsHandler;
  readonly resources: readonly CrudResource[];
  readonly functions: FunctionsHandler;
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
    mark: (inputs) => (hasInputs(inputs) ? configuration().markProviderInputs(inputs) : inputs),
    changed: (olds, news) => {
      const isConfigured = hasInputs(olds) || hasInputs(news);
      const compare = isConfigured ? configuration().changedProviderInputs : changedInputs;
      return compare(olds, news);
    },
    configure: (inputs) => {
      defaults = hasInputs(inputs) ? configuration().providerDefaults(inputs) : {};
    },
  };
  const completed = (name: string, declared: Properties): DefaultedInputs => {
    if (!hasInputs(defaults)) return { inputs: declared, defaulted: new Set() };
    const { withDefaults } = require('./resource-defaults') as typeof defaultsModule;
    return withDefaults(name, declared, defaults);
  };
  const withProvider = (resource: CrudResource): CrudResource => ({
    ...resource,
    check: async (request) => {
      const { inputs, defaulted } = completed(nameOf(resource), request.news);
      const checked = await resource.check({ ...request, news: inputs });
      return { ...checked, problems: checked.problems.map((each) => attributed(each, defaulted)) };
    },
  });
  const functions: FunctionsHandler = {
    call: async (called, args) => {
      const name = FUNCTION_NAMES.find((each) => token(each) === called);
      if (!name) throw unknownFunction(called);
      const { callFunction } = require('../functions/functions') as typeof functionsModule;
      const { inputs, defaulted } = completed(name, args);
      const answer = await callFunction(name, inputs, environment());
      if ('result' in answer) return answer;
      return { problems: answer.problems.map((each) => attributed(each, defaulted)) };
    },
  };
  return { provider, resources: resources.map(withProvider), functions };
}

/** Not taken from the table of inputs: that is loaded with the first function or resource. */
const FUNCTION_NAMES: readonly FunctionName[] = [
  'verifyImage',
  'listSignatures',
  'resolveImage',
  'auditLog',
];

function unknownFunction(called: string): SignedImageError {
  return new SignedImageError({
    code: 'INTERNAL',
    message: `this plugin has no function ${called}; check that the versions of the plugin and of the SDK match`,
  });
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
