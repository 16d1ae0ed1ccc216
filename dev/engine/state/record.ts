import type { WireObject } from '../wire/signature';

/** One resource in the state. Records are immutable: their encoding is cached by identity. */
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
  /** Only read (`.get`): the program does not own it, so it is never deleted. */
  readonly external?: true;
  /** Replaced, and still to be deleted. */
  readonly pendingDelete?: true;
  readonly protect?: true;
  readonly retainOnDelete?: true;
  /** No plugin was available: the inputs were recorded as outputs and nothing was created. */
  readonly recordedOnly?: true;
  /** Why the creation was partial; the next run updates the resource. */
  readonly initErrors?: readonly string[];
  readonly additionalSecretOutputs?: readonly string[];
  readonly deletedWith?: string;
  readonly beforeDelete?: readonly string[];
  readonly afterDelete?: readonly string[];
}

/** All URNs on which a record depends: it is deleted before them. */
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

/** Copies a record and replaces references to one URN by another (after the adoption of an alias). */
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
