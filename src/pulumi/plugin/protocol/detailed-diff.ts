import { PropertyDiff } from '@pulumi/pulumi/proto/provider_pb';

import { formatPath, type Step } from '../inputs/input-path';
import type { DiffResult } from './crud-resource';
import { equalValues, type Properties, Secret, type Value } from './wire-value';

type Change = 'ADD' | 'DELETE' | 'UPDATE';

const { Kind } = PropertyDiff;

/**
 * Returns each changed path with the kind of its change. Without it, the engine ignores `replaceOnChanges`, and
 * `pulumi preview --diff` shows inputs as changed that are not.
 *
 * https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto (PropertyDiff)
 */
export function detailedDiff(
  { changed, replaces }: DiffResult,
  olds: Properties,
  news: Properties,
): ReadonlyMap<string, PropertyDiff> {
  const diffs = new Map<string, PropertyDiff>();
  for (const name of changed) {
    const isInput = name in olds || name in news;
    const paths = isInput ? changesBetween(olds[name], news[name], [name]) : [];
    // What the provider found in the registry is not a change of an input.
    const all = paths.length > 0 ? paths : [{ path: name, change: 'UPDATE' as const }];
    for (const { path, change } of all) {
      const kind = replaces.includes(name) ? Kind[`${change}_REPLACE`] : Kind[change];
      diffs.set(path, new PropertyDiff().setKind(kind).setInputdiff(isInput));
    }
  }
  return diffs;
}

function changesBetween(
  left: Value | undefined,
  right: Value | undefined,
  steps: readonly Step[],
): readonly { readonly path: string; readonly change: Change }[] {
  const before = plain(left);
  const after = plain(right);
  if (equalValues(before, after)) return [];
  const path = formatPath(steps);
  if (before === null) return [{ path, change: 'ADD' }];
  if (after === null) return [{ path, change: 'DELETE' }];
  if (!isTree(before) || !isTree(after) || Array.isArray(before) !== Array.isArray(after)) {
    return [{ path, change: 'UPDATE' }];
  }
  const olds = before as Properties;
  const news = after as Properties;
  const names = [...new Set([...Object.keys(olds), ...Object.keys(news)])];
  return names.flatMap((name) =>
    changesBetween(olds[name], news[name], [...steps, Array.isArray(before) ? Number(name) : name]),
  );
}

function plain(value: Value | undefined): Value {
  return value instanceof Secret ? plain(value.value) : (value ?? null);
}

/** An object or a list. */
function isTree(value: Value): boolean {
  return typeof value === 'object' && value !== null;
}
