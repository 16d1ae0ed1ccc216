import type { Difference } from '../provider/provider';
import type { ResourceRecord } from '../state/record';
import type { WireObject } from '../wire/signature';
import { changedKeys } from '../wire/value';
import { parsePath } from '../wire/path';

export type Plan =
  | { readonly op: 'same' }
  | { readonly op: 'update'; readonly reasons: readonly string[] }
  | {
      readonly op: 'replace';
      readonly reasons: readonly string[];
      /** Deletes the old resource, and its dependents that must be replaced, before the new one is created. */
      readonly deleteFirst: boolean;
    };

export interface PlanQuestion {
  readonly old: ResourceRecord;
  /** Checked inputs. */
  readonly inputs: WireObject;
  readonly difference: Difference;
  readonly replaceOnChanges: readonly string[];
  /** The program's option; takes precedence over the provider. */
  readonly deleteBeforeReplace: boolean | undefined;
}

/** A component has no provider: it changes when its inputs do. */
export const inputDifference: Difference = {
  changes: 'unknown',
  replaces: [],
  deleteBeforeReplace: false,
  reasons: [],
  detailed: false,
};

const names = (path: string, key: string): boolean => {
  const [wanted] = parsePath(path);
  return wanted === '*' || wanted === parsePath(key)[0];
};

/** The result of Diff, with the engine's own comparison if the provider returned `unknown`. */
const settle = (question: PlanQuestion): Difference => {
  const { difference, old, inputs } = question;
  if (difference.changes !== 'unknown' || difference.replaces.length > 0) return difference;
  const changed = changedKeys(old.inputs, inputs);
  return {
    ...difference,
    changes: changed.length === 0 ? 'none' : 'some',
    reasons: changed,
    detailed: true,
  };
};

/** Plans the step for a resource that exists in the state. */
export const planChange = (question: PlanQuestion): Plan => {
  const { old, replaceOnChanges } = question;
  const difference = settle(question);
  // As in the real engine: without a detailed diff of the provider, replaceOnChanges has no effect.
  const forced =
    difference.changes === 'some' && difference.detailed
      ? difference.reasons.filter((key) => replaceOnChanges.some((path) => names(path, key)))
      : [];
  const replaces = [...new Set([...difference.replaces, ...forced])];
  if (replaces.length > 0) {
    return {
      op: 'replace',
      reasons: replaces,
      deleteFirst: question.deleteBeforeReplace ?? difference.deleteBeforeReplace,
    };
  }
  if (difference.changes === 'some') return { op: 'update', reasons: difference.reasons };
  // A partially created resource is completed even without differences.
  if ((old.initErrors?.length ?? 0) > 0) return { op: 'update', reasons: ['initErrors'] };
  return { op: 'same' };
};
