import { ResourceHookRequest, ResourceHookResponse } from '@pulumi/pulumi/proto/resource_pb';
import type { CallbackRef, Callbacks } from '../rpc/callbacks';
import type { HookNames, Identity } from '../provider/provider';
import type { WireObject } from '../wire/signature';
import { toStruct } from '../wire/struct';
import type { Reporter } from './reporter';

export interface Hook {
  readonly callback: CallbackRef;
  readonly onDryRun: boolean;
  readonly ignoreErrors: boolean;
}

export interface HookCall {
  readonly identity: Identity;
  readonly id?: string;
  readonly newInputs?: WireObject;
  readonly oldInputs?: WireObject;
  readonly newOutputs?: WireObject;
  readonly oldOutputs?: WireObject;
}

const message = ({ identity, ...call }: HookCall): ResourceHookRequest => {
  const request = new ResourceHookRequest()
    .setUrn(identity.urn)
    .setName(identity.name)
    .setType(identity.type)
    .setId(call.id ?? '');
  if (call.newInputs !== undefined) request.setNewInputs(toStruct(call.newInputs));
  if (call.oldInputs !== undefined) request.setOldInputs(toStruct(call.oldInputs));
  if (call.newOutputs !== undefined) request.setNewOutputs(toStruct(call.newOutputs));
  if (call.oldOutputs !== undefined) request.setOldOutputs(toStruct(call.oldOutputs));
  return request;
};

/** Calls the program's hooks around a step. An error of a before-hook fails the step; an error of an after-hook is a warning. */
export class Hooks {
  readonly #callbacks: Callbacks;
  readonly #reporter: Reporter;
  readonly #dryRun: boolean;
  readonly #hooks = new Map<string, Hook>();

  constructor(callbacks: Callbacks, reporter: Reporter, dryRun: boolean) {
    this.#callbacks = callbacks;
    this.#reporter = reporter;
    this.#dryRun = dryRun;
  }

  add(name: string, hook: Hook): void {
    if (this.#hooks.has(name)) throw new Error(`the resource hook ${name} is registered already`);
    this.#hooks.set(name, hook);
  }

  /** @throws Error if a hook fails */
  async before(names: readonly string[], call: HookCall): Promise<void> {
    for (const name of names) {
      const { error, hook } = await this.#run(name, call);
      if (error === undefined) continue;
      if (hook?.ignoreErrors !== true) throw new Error(`before hook "${name}" failed: ${error}`);
      this.#reporter.log('warning', `before hook "${name}" failed: ${error}`, call.identity.urn);
    }
  }

  async after(names: readonly string[], call: HookCall): Promise<void> {
    for (const name of names) {
      const { error } = await this.#run(name, call);
      if (error === undefined) continue;
      this.#reporter.log('warning', `after hook "${name}" failed: ${error}`, call.identity.urn);
    }
  }

  async #run(name: string, call: HookCall): Promise<{ error?: string; hook?: Hook }> {
    const hook = this.#hooks.get(name);
    if (hook === undefined) return { error: `the program did not register it` };
    if (this.#dryRun && !hook.onDryRun) return { hook };
    try {
      const bytes = await this.#callbacks.invoke(hook.callback, message(call).serializeBinary());
      const error = ResourceHookResponse.deserializeBinary(bytes).getError();
      return error === '' ? { hook } : { error, hook };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error), hook };
    }
  }
}

export const namesHooks = (hooks: HookNames): boolean =>
  Object.values(hooks).some((names: readonly string[]) => names.length > 0);
