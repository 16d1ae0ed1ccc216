import {
  AnalyzeRequest,
  AnalyzerPropertyDependencies,
  AnalyzerProviderResource,
  AnalyzerResource,
  AnalyzerResourceOptions,
} from '@pulumi/pulumi/proto/analyzer_pb';
import type { DeploymentContext } from '../deploy/context';
import type { Goal } from '../deploy/goal';
import type { Identity } from '../provider/provider';
import type { ResourceRecord } from '../state/record';
import { formatUrn, packageOf, parseUrn, typeOf } from '../urn';
import type { WireObject } from '../wire/signature';
import { toStruct } from '../wire/struct';

interface ProviderQuestion {
  readonly type: string;
  readonly custom: boolean;
  /** Reference of an explicit provider, or nothing. */
  readonly provider: string;
}

/** A component does not have a provider, which distinguishes it from other resources. */
const providerOf = (
  { project, stack }: DeploymentContext,
  { type, custom, provider }: ProviderQuestion,
): AnalyzerProviderResource | undefined => {
  if (!custom) return undefined;
  const qualifiedType = `pulumi:providers:${packageOf(type)}`;
  // This engine does not record default providers; policies receive them all the same.
  const urn =
    provider === ''
      ? formatUrn({ stack, project, qualifiedType, name: 'default' })
      : provider.slice(0, provider.lastIndexOf('::'));
  return new AnalyzerProviderResource()
    .setUrn(urn)
    .setType(typeOf(urn))
    .setName(parseUrn(urn).name)
    .setProperties(toStruct({}));
};

const options = (parent: string): AnalyzerResourceOptions =>
  new AnalyzerResourceOptions()
    .setParent(parent)
    .setCustomtimeouts(new AnalyzerResourceOptions.CustomTimeouts());

/** A resource before its creation: with its checked inputs. */
export const analyzeRequest = (
  context: DeploymentContext,
  { urn, type, name }: Identity,
  goal: Goal,
  inputs: WireObject,
): AnalyzeRequest =>
  new AnalyzeRequest()
    .setUrn(urn)
    .setType(type)
    .setName(name)
    .setProperties(toStruct(inputs))
    .setOptions(
      options(goal.parent)
        .setProtect(goal.protect === true)
        .setIgnorechangesList([...goal.ignoreChanges])
        .setAdditionalsecretoutputsList([...goal.additionalSecretOutputs])
        .setDeletebeforereplace(goal.deleteBeforeReplace === true)
        .setDeletebeforereplacedefined(goal.deleteBeforeReplace !== undefined),
    )
    .setProvider(providerOf(context, goal));

/** A resource at the end of the run: with its outputs and dependencies. */
export const analyzedRecord = (
  context: DeploymentContext,
  record: ResourceRecord,
): AnalyzerResource => {
  const { urn, type, custom, outputs, parent = '', provider = '' } = record;
  const resource = new AnalyzerResource()
    .setUrn(urn)
    .setType(type)
    .setName(parseUrn(urn).name)
    .setProperties(toStruct(outputs))
    .setOptions(options(parent).setProtect(record.protect === true))
    .setProvider(providerOf(context, { type, custom, provider }))
    .setParent(parent)
    .setDependenciesList([...record.dependencies]);
  for (const [property, urns] of Object.entries(record.propertyDependencies)) {
    const list = new AnalyzerPropertyDependencies().setUrnsList([...urns]);
    resource.getPropertydependenciesMap().set(property, list);
  }
  return resource;
};
