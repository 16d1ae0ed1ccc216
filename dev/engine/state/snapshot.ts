import { renameReferences, type ResourceRecord } from './record';

/**
 * The records during a run. At any time `records()` is a state from which a later run can continue: processed records,
 * then earlier records that are not processed yet, then replaced ones that are still to be deleted.
 */
export class Snapshot {
  readonly #fresh = new Map<string, ResourceRecord>();
  readonly #before = new Map<string, ResourceRecord>();
  readonly #pending = new Set<ResourceRecord>();
  readonly #renamed = new Map<string, string>();

  constructor(records: readonly ResourceRecord[]) {
    for (const record of records) {
      if (record.pendingDelete) this.#pending.add(record);
      else this.#before.set(record.urn, record);
    }
  }

  records(): readonly ResourceRecord[] {
    return [...this.#fresh.values(), ...this.#before.values(), ...this.#pending];
  }

  /** The record of an earlier run that this run has not processed, if any. */
  before(urn: string): ResourceRecord | undefined {
    return this.#before.get(urn);
  }

  unreached(): readonly ResourceRecord[] {
    return [...this.#before.values()];
  }

  pending(): readonly ResourceRecord[] {
    return [...this.#pending];
  }

  reached(urn: string): ResourceRecord | undefined {
    return this.#fresh.get(urn);
  }

  /** The records that this run has processed, in their order. */
  allReached(): readonly ResourceRecord[] {
    return [...this.#fresh.values()];
  }

  find(urn: string): ResourceRecord | undefined {
    return this.#fresh.get(urn) ?? this.#before.get(urn);
  }

  /** Records the result of a step; replaces the previous record of the resource. */
  put(record: ResourceRecord): void {
    const named = renameReferences(record, this.#renamed);
    this.#before.delete(named.urn);
    this.#fresh.set(named.urn, named);
  }

  /** Replaces a record without a change of its position (refresh). */
  amend(record: ResourceRecord): void {
    const home = this.#fresh.has(record.urn) ? this.#fresh : this.#before;
    home.set(record.urn, record);
  }

  /** Keeps the old record of a replacement until its deletion. */
  retire(record: ResourceRecord): ResourceRecord {
    const retired: ResourceRecord = { ...record, pendingDelete: true };
    this.#before.delete(record.urn);
    this.#pending.add(retired);
    return retired;
  }

  forget(record: ResourceRecord): void {
    this.#pending.delete(record);
    if (this.#before.get(record.urn) === record) this.#before.delete(record.urn);
    if (this.#fresh.get(record.urn) === record) this.#fresh.delete(record.urn);
  }

  /** Adopts the record of an alias under its new URN, and updates references in other records. */
  adopt(record: ResourceRecord, urn: string): ResourceRecord {
    this.#renamed.set(record.urn, urn);
    const adopted: ResourceRecord = { ...record, urn };
    const names = new Map([[record.urn, urn]]);
    const others = [...this.#before.values()];
    this.#before.clear();
    for (const other of others) {
      const moved = other === record ? adopted : renameReferences(other, names);
      this.#before.set(moved.urn, moved);
    }
    for (const other of [...this.#pending]) {
      this.#pending.delete(other);
      this.#pending.add(renameReferences(other, names));
    }
    return adopted;
  }
}
