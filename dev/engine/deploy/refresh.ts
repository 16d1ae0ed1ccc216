import { PartialFailure, type ReadState } from '../provider/provider';
import { referencesOf, type ResourceRecord } from '../state/record';
import { isProviderType, parseUrn } from '../urn';
import { changedKeys, markSecrets } from '../wire/value';
import { providerOf } from './deletions';
import { answerable, type Run } from './run';

const readResource = async (
  run: Run,
  record: ResourceRecord,
): Promise<ReadState & { readonly initErrors?: readonly string[] }> => {
  const provider = await providerOf(run, record);
  const identity = { urn: record.urn, type: record.type, name: parseUrn(record.urn).name };
  try {
    return await provider.read(identity, record.id ?? '', record.outputs, record.inputs);
  } catch (error) {
    if (!(error instanceof PartialFailure)) throw error;
    return { id: error.id, outputs: error.properties, initErrors: error.reasons };
  }
};

const withoutErrors = ({ initErrors: _gone, ...record }: ResourceRecord): ResourceRecord => record;

const refreshOne = async (run: Run, record: ResourceRecord): Promise<void> => {
  const event = { urn: record.urn, type: record.type };
  if (!record.custom || isProviderType(record.type)) {
    run.reporter.done({ op: 'same', ...event, reasons: [] });
    return;
  }
  const { id, outputs, inputs, initErrors } = await readResource(run, record);
  if (id === undefined) {
    run.snapshot.forget(record);
    await run.save();
    run.reporter.done({ op: 'delete', ...event, reasons: [] });
    return;
  }
  const seen: ResourceRecord = {
    ...withoutErrors(record),
    id,
    outputs: markSecrets(outputs, record.additionalSecretOutputs ?? []),
    ...(inputs !== undefined && { inputs }),
    ...(initErrors !== undefined && { initErrors }),
  };
  const reasons = [
    ...new Set([
      ...changedKeys(record.outputs, seen.outputs),
      ...changedKeys(record.inputs, seen.inputs),
    ]),
  ];
  const changed = reasons.length > 0 || seen.id !== record.id;
  run.snapshot.amend(seen);
  await run.save();
  run.reporter.done({ op: changed ? 'update' : 'same', ...event, reasons });
};

/** Removes references to deleted resources: a later run would wait for them. */
const dropDanglingReferences = (run: Run): void => {
  const present = new Set(run.snapshot.records().map((record) => record.urn));
  for (const record of run.snapshot.unreached()) {
    if ([...referencesOf(record)].every((urn) => present.has(urn))) continue;
    const there = (urns: readonly string[]): readonly string[] =>
      urns.filter((urn) => present.has(urn));
    run.snapshot.amend({
      ...record,
      dependencies: there(record.dependencies),
      propertyDependencies: Object.fromEntries(
        Object.entries(record.propertyDependencies).map(([key, urns]) => [key, there(urns)]),
      ),
    });
  }
};

/** Reads every resource and records its actual state; the program does not run. */
export const refreshAll = async (run: Run): Promise<void> => {
  const outcomes = await Promise.allSettled(
    run.snapshot
      .unreached()
      .map((record) =>
        answerable(run, record.urn, () => run.gate.enter(() => refreshOne(run, record))),
      ),
  );
  dropDanglingReferences(run);
  await run.save();
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure?.status === 'rejected') throw failure.reason;
};
