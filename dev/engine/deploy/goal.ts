import type { Alias } from '@pulumi/pulumi/proto/alias_pb';
import type { RegisterResourceRequest } from '@pulumi/pulumi/proto/resource_pb';
import type { AliasSpec, HookNames, Timeouts } from '../provider/provider';
import { parseUrn } from '../urn';
import { fromStruct } from '../wire/struct';
import type { WireObject } from '../wire/signature';

/** The options that a transform may change. */
export interface GoalOptions {
  readonly dependencies: readonly string[];
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
  readonly deleteBeforeReplace?: boolean;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  readonly additionalSecretOutputs: readonly string[];
  readonly aliases: readonly AliasSpec[];
  readonly provider: string;
  readonly providers: Readonly<Record<string, string>>;
  readonly deletedWith?: string;
  readonly version: string;
  readonly pluginDownloadUrl: string;
  readonly importId: string;
  readonly timeouts: Timeouts;
  readonly hooks: HookNames;
}

/** The registration of one resource by a program. */
export interface Goal extends GoalOptions {
  readonly type: string;
  readonly name: string;
  readonly parent: string;
  readonly custom: boolean;
  readonly remote: boolean;
  /** As received: those of a remote component may contain output values. */
  readonly inputs: WireObject;
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
}

export const NO_HOOKS: HookNames = {
  beforeCreate: [],
  afterCreate: [],
  beforeUpdate: [],
  afterUpdate: [],
  beforeDelete: [],
  afterDelete: [],
};

export const parseAlias = (alias: Alias): AliasSpec => {
  const spec = alias.getSpec();
  if (spec === undefined) return { urn: alias.getUrn() };
  return {
    ...(spec.getName() !== '' && { name: spec.getName() }),
    ...(spec.getType() !== '' && { type: spec.getType() }),
    ...(spec.getStack() !== '' && { stack: spec.getStack() }),
    ...(spec.getProject() !== '' && { project: spec.getProject() }),
    ...(spec.getParenturn() !== '' && { parent: spec.getParenturn() }),
    ...(spec.getNoparent() && { noParent: true }),
  };
};

export const parseHooks = (
  hooks: RegisterResourceRequest.ResourceHooksBinding | undefined,
): HookNames =>
  hooks === undefined
    ? NO_HOOKS
    : {
        beforeCreate: hooks.getBeforeCreateList(),
        afterCreate: hooks.getAfterCreateList(),
        beforeUpdate: hooks.getBeforeUpdateList(),
        afterUpdate: hooks.getAfterUpdateList(),
        beforeDelete: hooks.getBeforeDeleteList(),
        afterDelete: hooks.getAfterDeleteList(),
      };

export const parseTimeouts = (
  timeouts: RegisterResourceRequest.CustomTimeouts | undefined,
): Timeouts => ({
  create: timeouts?.getCreate() ?? '',
  update: timeouts?.getUpdate() ?? '',
  delete: timeouts?.getDelete() ?? '',
});

/** The real engine refuses an invalid URN, too. */
const parseDeletedWith = (urn: string): string => {
  if (parseUrn(urn).name === '') throw new Error(`invalid DeletedWith URN: invalid URN "${urn}"`);
  return urn;
};

const parseOptions = (request: RegisterResourceRequest): GoalOptions => ({
  dependencies: request.getDependenciesList(),
  ...(request.hasProtect() && { protect: request.getProtect() === true }),
  ...(request.hasRetainondelete() && { retainOnDelete: request.getRetainondelete() === true }),
  ...(request.getDeletebeforereplacedefined() && {
    deleteBeforeReplace: request.getDeletebeforereplace(),
  }),
  ...(request.getDeletedwith() !== '' && {
    deletedWith: parseDeletedWith(request.getDeletedwith()),
  }),
  ignoreChanges: request.getIgnorechangesList(),
  replaceOnChanges: request.getReplaceonchangesList(),
  additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
  aliases: [
    ...request.getAliasurnsList().map((urn) => ({ urn })),
    ...request.getAliasesList().map(parseAlias),
  ],
  provider: request.getProvider(),
  providers: Object.fromEntries(request.getProvidersMap().entries()),
  version: request.getVersion(),
  pluginDownloadUrl: request.getPlugindownloadurl(),
  importId: request.getImportid(),
  timeouts: parseTimeouts(request.getCustomtimeouts()),
  hooks: parseHooks(request.getHooks()),
});

export const parseGoal = (request: RegisterResourceRequest): Goal => ({
  ...parseOptions(request),
  type: request.getType(),
  name: request.getName(),
  parent: request.getParent(),
  custom: request.getCustom(),
  remote: request.getRemote(),
  inputs: fromStruct(request.getObject()),
  propertyDependencies: Object.fromEntries(
    [...request.getPropertydependenciesMap().entries()].map(([key, list]) => [
      key,
      list.getUrnsList(),
    ]),
  ),
});

/** Explicit dependencies and those of properties, each once. */
export const allDependencies = (goal: Goal): readonly string[] => [
  ...new Set([...goal.dependencies, ...Object.values(goal.propertyDependencies).flat()]),
];
