import { Alias } from '@pulumi/pulumi/proto/alias_pb';
import { ConstructRequest, type ConstructResponse } from '@pulumi/pulumi/proto/provider_pb';
import type { DeploymentContext } from '../deploy/context';
import { fromStruct, toStruct } from '../wire/struct';
import type { WireObject } from '../wire/signature';
import { flattenObject, upgradeOutputs } from '../wire/value';
import type { AliasSpec, ConstructArgs, Constructed, HookNames, Timeouts } from './provider';

export const aliasMessage = (alias: AliasSpec): Alias => {
  const message = new Alias();
  if (alias.urn !== undefined) return message.setUrn(alias.urn);
  const spec = new Alias.Spec()
    .setName(alias.name ?? '')
    .setType(alias.type ?? '')
    .setStack(alias.stack ?? '')
    .setProject(alias.project ?? '');
  if (alias.noParent === true) spec.setNoparent(true);
  else if (alias.parent !== undefined) spec.setParenturn(alias.parent);
  return message.setSpec(spec);
};

const hooksMessage = (hooks: HookNames): ConstructRequest.ResourceHooksBinding =>
  new ConstructRequest.ResourceHooksBinding()
    .setBeforeCreateList([...hooks.beforeCreate])
    .setAfterCreateList([...hooks.afterCreate])
    .setBeforeUpdateList([...hooks.beforeUpdate])
    .setAfterUpdateList([...hooks.afterUpdate])
    .setBeforeDeleteList([...hooks.beforeDelete])
    .setAfterDeleteList([...hooks.afterDelete]);

const timeoutsMessage = (timeouts: Timeouts): ConstructRequest.CustomTimeouts =>
  new ConstructRequest.CustomTimeouts()
    .setCreate(timeouts.create)
    .setUpdate(timeouts.update)
    .setDelete(timeouts.delete);

export const constructRequest = (
  args: ConstructArgs,
  context: DeploymentContext,
): ConstructRequest => {
  const request = new ConstructRequest()
    .setProject(context.project)
    .setStack(context.stack)
    .setOrganization(context.organization)
    .setDryrun(context.dryRun)
    .setParallel(context.parallel)
    .setMonitorendpoint(context.address)
    .setConfigsecretkeysList([...context.config.secretKeys])
    .setType(args.type)
    .setName(args.name)
    .setParent(args.parent)
    .setInputs(toStruct(upgradeOutputs(args.inputs) as WireObject))
    .setDependenciesList([...args.dependencies])
    .setAdditionalsecretoutputsList([...args.additionalSecretOutputs])
    .setIgnorechangesList([...args.ignoreChanges])
    .setReplaceonchangesList([...args.replaceOnChanges])
    .setDeletedwith(args.deletedWith ?? '')
    .setAliasesList(args.aliases.map(aliasMessage))
    .setCustomtimeouts(timeoutsMessage(args.timeouts))
    .setResourceHooks(hooksMessage(args.hooks))
    .setAcceptsOutputValues(true);
  for (const [key, value] of Object.entries(context.config.values)) {
    request.getConfigMap().set(key, value);
  }
  for (const [key, urns] of Object.entries(args.inputDependencies)) {
    const list = new ConstructRequest.PropertyDependencies().setUrnsList([...urns]);
    request.getInputdependenciesMap().set(key, list);
  }
  for (const [pkg, reference] of Object.entries(args.providers)) {
    request.getProvidersMap().set(pkg, reference);
  }
  if (args.protect !== undefined) request.setProtect(args.protect);
  if (args.retainOnDelete !== undefined) request.setRetainondelete(args.retainOnDelete);
  if (args.deleteBeforeReplace !== undefined) {
    request.setDeletebeforereplace(args.deleteBeforeReplace);
  }
  return request;
};

export const constructed = (response: ConstructResponse): Constructed => ({
  urn: response.getUrn(),
  outputs: flattenObject(fromStruct(response.getState())),
  dependencies: Object.fromEntries(
    [...response.getStatedependenciesMap().entries()].map(([key, list]) => [
      key,
      list.getUrnsList(),
    ]),
  ),
});
