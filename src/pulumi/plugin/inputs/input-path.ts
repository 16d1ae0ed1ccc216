/** A step of a path: the name of a member, or the index in a list. */
export type Step = string | number;

/** Formats a path like the engine: `annotations.team`, `annotations["a.b"]`, `verify.keys[0]`. */
export function formatPath(steps: readonly Step[]): string {
  return steps.reduce<string>((path, step) => {
    if (typeof step === 'number') return `${path}[${step}]`;
    if (!/^[A-Za-z_]\w*$/.test(step)) return `${path}[${JSON.stringify(step)}]`;
    return path === '' ? step : `${path}.${step}`;
  }, '');
}

/** Formats a path with dots only, as programs that join names with dots write it. */
export function dottedPath(steps: readonly Step[]): string {
  return steps.reduce<string>((path, step) => {
    if (typeof step === 'number') return `${path}[${step}]`;
    return path === '' ? step : `${path}.${step}`;
  }, '');
}

/** Whether one of these texts is the path of this input, or of an object that contains it. */
export function includesPath(texts: ReadonlySet<string>, steps: readonly Step[]): boolean {
  return steps.some((_, index) => {
    const upTo = steps.slice(0, index + 1);
    return texts.has(formatPath(upTo)) || texts.has(dottedPath(upTo));
  });
}
