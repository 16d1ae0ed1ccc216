import {
  RegisterResourceRequest,
  TransformRequest,
  TransformResourceOptions,
  TransformResponse,
} from '@pulumi/pulumi/proto/resource_pb';
import { aliasMessage } from '../provider/construct-request';
import type { HookNames } from '../provider/provider';
import type { CallbackRef, Callbacks } from '../rpc/callbacks';
import { fromStruct, toStruct } from '../wire/struct';
import { parseAlias, parseHooks, parseTimeouts, type Goal, type GoalOptions } from './goal';

const hooksMessage = (hooks: HookNames): RegisterResourceRequest.ResourceHooksBinding =>
  new RegisterResourceRequest.ResourceHooksBinding()
    .setBeforeCreateList([...hooks.beforeCreate])
    .setAfterCreateList([...hooks.afterCreate])
    .setBeforeUpdateList([...hooks.beforeUpdate])
    .setAfterUpdateList([...hooks.afterUpdate])
    .setBeforeDeleteList([...hooks.beforeDelete])
    .setAfterDeleteList([...hooks.afterDelete]);

const optionsMessage = (goal: Goal): TransformResourceOptions => {
  const message = new TransformResourceOptions()
    .setDependsOnList([...goal.dependencies])
    .setIgnoreChangesList([...goal.ignoreChanges])
    .setReplaceOnChangesList([...goal.replaceOnChanges])
    .setAdditionalSecretOutputsList([...goal.additionalSecretOutputs])
    .setAliasesList(goal.aliases.map(aliasMessage))
    .setProvider(goal.provider)
    .setDeletedWith(goal.deletedWith ?? '')
    .setVersion(goal.version)
    .setPluginDownloadUrl(goal.pluginDownloadUrl)
    .setImport(goal.importId)
    .setCustomTimeouts(
      new RegisterResourceRequest.CustomTimeouts()
        .setCreate(goal.timeouts.create)
        .setUpdate(goal.timeouts.update)
        .setDelete(goal.timeouts.delete),
    )
    .setHooks(hooksMessage(goal.hooks));
  for (const [pkg, reference] of Object.entries(goal.providers)) {
    message.getProvidersMap().set(pkg, reference);
  }
  if (goal.protect !== undefined) message.setProtect(goal.protect);
  if (goal.retainOnDelete !== undefined) message.setRetainOnDelete(goal.retainOnDelete);
  if (goal.deleteBeforeReplace !== undefined) {
    message.setDeleteBeforeReplace(goal.deleteBeforeReplace);
  }
  return message;
};

/** A transform that returns options replaces all of them: missing ones are unset. */
const parseOptions = (message: TransformResourceOptions): GoalOptions => ({
  dependencies: message.getDependsOnList(),
  ...(message.hasProtect() && { protect: message.getProtect() === true }),
  ...(message.hasRetainOnDelete() && { retainOnDelete: message.getRetainOnDelete() === true }),
  ...(message.hasDeleteBeforeReplace() && {
    deleteBeforeReplace: message.getDeleteBeforeReplace() === true,
  }),
  ...(message.getDeletedWith() !== '' && { deletedWith: message.getDeletedWith() }),
  ignoreChanges: message.getIgnoreChangesList(),
  replaceOnChanges: message.getReplaceOnChangesList(),
  additionalSecretOutputs: message.getAdditionalSecretOutputsList(),
  aliases: message.getAliasesList().map(parseAlias),
  provider: message.getProvider(),
  providers: Object.fromEntries(message.getProvidersMap().entries()),
  version: message.getVersion(),
  pluginDownloadUrl: message.getPluginDownloadUrl(),
  importId: message.getImport(),
  timeouts: parseTimeouts(message.getCustomTimeouts()),
  hooks: parseHooks(message.getHooks()),
});

const without = (goal: Goal): Omit<Goal, keyof GoalOptions> => ({
  type: goal.type,
  name: goal.name,
  parent: goal.parent,
  custom: goal.custom,
  remote: goal.remote,
  inputs: goal.inputs,
  propertyDependencies: goal.propertyDependencies,
});

/** The transforms of a run: of the stack, and of single resources for themselves and their descendants. */
export class Transforms {
  readonly #callbacks: Callbacks;
  readonly #stack: CallbackRef[] = [];
  readonly #resources = new Map<string, readonly CallbackRef[]>();
  readonly #parents = new Map<string, string>();

  constructor(callbacks: Callbacks) {
    this.#callbacks = callbacks;
  }

  addForStack(callback: CallbackRef): void {
    this.#stack.push(callback);
  }

  /** Must be called before the resource is created: a component's children are registered during its registration. */
  remember(urn: string, parent: string, own: readonly CallbackRef[]): void {
    this.#parents.set(urn, parent);
    if (own.length > 0) this.#resources.set(urn, own);
  }

  /** The resource's own transforms first, then those of its ancestors from the nearest, then those of the stack. */
  async apply(goal: Goal, own: readonly CallbackRef[]): Promise<Goal> {
    const chain: CallbackRef[] = [...own];
    for (let urn: string | undefined = goal.parent; urn; urn = this.#parents.get(urn)) {
      chain.push(...(this.#resources.get(urn) ?? []));
    }
    let current = goal;
    for (const callback of [...chain, ...this.#stack])
      current = await this.#call(current, callback);
    return current;
  }

  async #call(goal: Goal, callback: CallbackRef): Promise<Goal> {
    const request = new TransformRequest()
      .setType(goal.type)
      .setName(goal.name)
      .setCustom(goal.custom)
      .setParent(goal.parent)
      .setProperties(toStruct(goal.inputs))
      .setOptions(optionsMessage(goal));
    const bytes = await this.#callbacks.invoke(callback, request.serializeBinary());
    const response = TransformResponse.deserializeBinary(bytes);
    const options = response.getOptions();
    const properties = response.getProperties();
    return {
      ...without(goal),
      ...(options === undefined ? goal : parseOptions(options)),
      inputs: properties === undefined ? goal.inputs : fromStruct(properties),
    };
  }
}
