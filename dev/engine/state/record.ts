import type { WireObject } from '../wire/signature';

/** What the state remembers of one resource. Records are never changed, only replaced: their encoding is cached by identity. */
export interface ResourceRecord {
  readonly urn: string;
  readonly type: string;
  /** True for a resource of a provider, false for a component (the stack is one). */
  readonly custom: boolean;
  readonly id?: string;
  readonly inputs: WireObject;
  readonly outputs: WireObject;
  readonly parent?: string;
  readonly dependencies: readonly string[];
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  /** Reference of an explicit provider, `<urn>::<id>`. */
  readonly provider?: string;
  /** Only read (`.get`): the program does not own it, so nothing deletes it. */
  readonly external?: true;
  /** Replaced, and still to be deleted. */
  readonly pendingDelete?: true;
  readonly protect?: true;
  readonly retainOnDelete?: true;
  /** No plugin was at hand: inputs were recorded as outputs and nothing was done in the world. */
  readonly recordedOnly?: true;
  /** Why it was created only in part; the next run updates it. */
  readonly initErrors?: readonly string[];
  readonly additionalSecretOutputs?: readonly string[];
  readonly deletedWith?: string;
  readonly beforeDelete?: readonly string[];
  readonly afterDelete?: readonly string[];
}

/** All URNs that a record needs to exist: it is deleted before them. */
export const referencesOf = (record: ResourceRecord): ReadonlySet<string> => {
  const urns = new Set<string>(record.dependencies);
  for (const list of Object.values(record.propertyDependencies)) {
    for (const urn of list) urns.add(urn);
  }
  if (record.parent !== undefined) urns.add(record.parent);
  if (record.provider !== undefined) {
    urns.add(record.provider.slice(0, record.provider.lastIndexOf('::')));
  }
  if (record.deletedWith !== undefined) urns.add(record.deletedWith);
  urns.delete(record.urn);
  return urns;
};

/** Copies a record with its references moved from one URN to another (an alias was adopted). */
export const renameReferences = (
  record: ResourceRecord,
  names: ReadonlyMap<string, string>,
): ResourceRecord => {
  if (![...referencesOf(record)].some((urn) => names.has(urn))) return record;
  const renamed = (urn: string): string => names.get(urn) ?? urn;
  const provider = record.provider;
  const cut = provider?.lastIndexOf('::') ?? -1;
  return {
    ...record,
    ...(record.parent !== undefined && { parent: renamed(record.parent) }),
    ...(provider !== undefined && {
      provider: renamed(provider.slice(0, cut)) + provider.slice(cut),
    }),
    ...(record.deletedWith !== undefined && { deletedWith: renamed(record.deletedWith) }),
    dependencies: record.dependencies.map(renamed),
    propertyDependencies: Object.fromEntries(
      Object.entries(record.propertyDependencies).map(([key, urns]) => [key, urns.map(renamed)]),
    ),
  };
};
