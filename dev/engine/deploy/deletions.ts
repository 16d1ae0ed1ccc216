import { referencesOf, type ResourceRecord } from '../state/record';
import { packageOf, packageOfProviderRef, parseUrn } from '../urn';
import type { Provider } from '../provider/provider';
import type { Operation } from '../types';
import { answerable, reportError, type Run } from './run';

/** The provider of a record; a resource that a plugin created can be read and deleted by that plugin only. */
export const providerOf = async (run: Run, record: ResourceRecord): Promise<Provider> => {
  const pkg = packageOfProviderRef(record.provider ?? '') ?? packageOf(record.type);
  const provider = await run.providers.get(pkg, record.provider);
  if (record.recordedOnly !== true && !provider.managed && pkg !== 'pulumi') {
    throw new Error(
      `the plugin of package ${pkg} created this resource and is not available: declare its folder in Pulumi.yaml under plugins.providers`,
    );
  }
  return provider;
};

export interface DeletionOptions {
  /** Runs each deletion inside the gate; undefined if the caller is inside already. */
  readonly enter?: (work: () => Promise<void>) => Promise<void>;
  /** Whether the records are old resources that are deleted before their replacements are created. */
  readonly replaced?: boolean;
}

const operation = (record: ResourceRecord, replaced: boolean): Operation => {
  if (replaced || record.pendingDelete === true) return 'delete-replaced';
  return record.external === true ? 'discard' : 'delete';
};

/** Deletes one resource: components are removed from the state; resources that are retained or deleted with another are not deleted. */
const deleteOne = async (
  run: Run,
  record: ResourceRecord,
  doomed: ReadonlySet<string>,
  replaced: boolean,
): Promise<void> => {
  const { name } = parseUrn(record.urn);
  const identity = { urn: record.urn, type: record.type, name };
  const op = operation(record, replaced);
  const event = { op, urn: record.urn, type: record.type, reasons: [] };
  const old = { id: record.id ?? '', inputs: record.inputs, outputs: record.outputs };
  const call = { identity, id: old.id, oldInputs: record.inputs, oldOutputs: record.outputs };
  const dies = record.deletedWith !== undefined && doomed.has(record.deletedWith);
  const owned = record.custom && record.external !== true;
  run.reporter.start(event);
  await run.hooks.before(record.beforeDelete ?? [], call);
  if (owned && !dies && record.retainOnDelete !== true && !run.context.dryRun) {
    const provider = await providerOf(run, record);
    await provider.delete(identity, old);
  }
  run.snapshot.forget(record);
  await run.save();
  run.reporter.done(event);
  await run.hooks.after(record.afterDelete ?? [], call);
};

/** The given records that must be deleted before each record. */
const dependents = (
  records: readonly ResourceRecord[],
): ReadonlyMap<ResourceRecord, readonly ResourceRecord[]> => {
  const byUrn = new Map<string, ResourceRecord[]>();
  for (const record of records) {
    byUrn.set(record.urn, [...(byUrn.get(record.urn) ?? []), record]);
  }
  const result = new Map<ResourceRecord, ResourceRecord[]>(records.map((record) => [record, []]));
  for (const record of records) {
    for (const urn of referencesOf(record)) {
      for (const needed of byUrn.get(urn) ?? []) result.get(needed)?.push(record);
    }
  }
  return result;
};

/** Deletes in parallel, dependents first. After an error no further deletion begins. */
export const deleteAll = async (
  run: Run,
  records: readonly ResourceRecord[],
  options: DeletionOptions = {},
): Promise<void> => {
  const { enter = (work) => run.gate.enter(work), replaced = false } = options;
  const before = dependents(records);
  const doomed = new Set(records.map((record) => record.urn));
  const order: ResourceRecord[] = [];
  const visited = new Set<ResourceRecord>();
  const visit = (record: ResourceRecord): void => {
    if (visited.has(record)) return;
    visited.add(record);
    before.get(record)?.forEach(visit);
    order.push(record);
  };
  records.forEach(visit);
  const started = new Map<ResourceRecord, Promise<void>>();
  for (const record of order) {
    // In a cycle (a damaged state) a deletion may not have started yet: it is not awaited.
    const first = (before.get(record) ?? []).flatMap((other) => started.get(other) ?? []);
    const work = Promise.all(first).then(() =>
      answerable(run, record.urn, () => enter(() => deleteOne(run, record, doomed, replaced))),
    );
    started.set(record, work);
  }
  const outcomes = await Promise.allSettled(started.values());
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure?.status === 'rejected') throw failure.reason;
};

/** Excludes protected resources, reporting an error for each, and the resources on which they depend. */
export const unprotected = (
  run: Run,
  records: readonly ResourceRecord[],
): readonly ResourceRecord[] => {
  const kept = new Set<string>();
  for (const record of records) {
    if (record.protect !== true || record.pendingDelete === true) continue;
    kept.add(record.urn);
    reportError(
      run,
      `the resource is protected and cannot be deleted: set protect to false and run an update first`,
      record.urn,
    );
  }
  for (let grown = true; grown;) {
    grown = false;
    for (const record of records) {
      if (!kept.has(record.urn)) continue;
      for (const urn of referencesOf(record)) {
        if (kept.has(urn)) continue;
        kept.add(urn);
        grown = true;
      }
    }
  }
  return records.filter((record) => record.pendingDelete === true || !kept.has(record.urn));
};

/** At the end of a successful program: deletes resources that it did not register, and those that it replaced. */
export const deleteLeftovers = async (run: Run): Promise<void> => {
  const leftovers = [...run.snapshot.unreached(), ...run.snapshot.pending()];
  await deleteAll(run, unprotected(run, leftovers));
};
