import { equalValues, type Properties } from '../protocol/wire-value';

/** The names of the inputs that differ; an unknown one counts as different. */
export function changedInputs(olds: Properties, news: Properties): readonly string[] {
  const names = new Set([...Object.keys(olds), ...Object.keys(news)]);
  return [...names].filter((name) => !equalValues(olds[name], news[name])).sort();
}

/** Whether any of these inputs differs. */
export function differsIn(olds: Properties, news: Properties, names: readonly string[]): boolean {
  return names.some((name) => !equalValues(olds[name], news[name]));
}
