import { referencesOf, type ResourceRecord } from '../state/record';
import { parseUrn } from '../urn';
import { UNKNOWN, type Wire } from '../wire/signature';
import { deleteAll, providerOf } from './deletions';
import type { Run } from './run';

/** The record's inputs after the replacement of the resources in `gone`. */
const inputsWithout = (record: ResourceRecord, gone: ReadonlySet<string>) => {
  const inputs: Record<string, Wire> = { ...record.inputs };
  let touched = false;
  for (const [key, urns] of Object.entries(record.propertyDependencies)) {
    if (!urns.some((urn) => gone.has(urn))) continue;
    inputs[key] = UNKNOWN;
    touched = true;
  }
  return { inputs, touched };
};

const mustGo = async (
  run: Run,
  record: ResourceRecord,
  gone: ReadonlySet<string>,
): Promise<boolean> => {
  if (!record.custom || record.external === true) return false;
  const provider = record.provider?.slice(0, record.provider.lastIndexOf('::'));
  if (provider !== undefined && gone.has(provider)) return true;
  const { inputs, touched } = inputsWithout(record, gone);
  if (!touched) return false;
  const { name } = parseUrn(record.urn);
  const identity = { urn: record.urn, type: record.type, name };
  const old = { id: record.id ?? '', inputs: record.inputs, outputs: record.outputs };
  const difference = await (await providerOf(run, record)).diff(identity, old, inputs, []);
  return difference.replaces.length > 0;
};

/** Dependents that must be replaced with the resource, according to their provider. */
const dependentsToReplace = async (
  run: Run,
  root: ResourceRecord,
): Promise<readonly ResourceRecord[]> => {
  const gone = new Set([root.urn]);
  const found: ResourceRecord[] = [];
  // In the state, dependencies precede their dependents, so one pass reaches all.
  for (const record of run.snapshot.unreached()) {
    if (record === root || ![...referencesOf(record)].some((urn) => gone.has(urn))) continue;
    if (!(await mustGo(run, record, gone))) continue;
    if (record.protect === true) {
      throw new Error(
        `${root.urn} is deleted before it is replaced, and its dependent ${record.urn} is protected`,
      );
    }
    gone.add(record.urn);
    found.push(record);
  }
  return found;
};

/** Deletes the old resource of a replacement first, and before it the dependents that are replaced with it. */
export const deleteBeforeReplacement = async (run: Run, old: ResourceRecord): Promise<void> => {
  const dependents = await dependentsToReplace(run, old);
  for (const record of dependents) run.deletedEarly.set(record.urn, record);
  // The caller is a step inside the gate; passing the gate again would be a deadlock.
  await deleteAll(run, [...dependents, old], { enter: (work) => work(), replaced: true });
};
