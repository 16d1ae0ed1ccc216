/** A step of a path: the name of a member, or the position in a list. */
export type Step = string | number;

/** As the engine shows a path: `annotations.team`, `annotations["a.b"]`, `verify.keys[0]`. */
export function formatPath(steps: readonly Step[]): string {
  return steps.reduce<string>((path, step) => {
    if (typeof step === 'number') return `${path}[${step}]`;
    if (!/^[A-Za-z_]\w*$/.test(step)) return `${path}[${JSON.stringify(step)}]`;
    return path === '' ? step : `${path}.${step}`;
  }, '');
}

/** The other way to write it, which programs that join names with dots use. */
export function dottedPath(steps: readonly Step[]): string {
  return steps.reduce<string>((path, step) => {
    if (typeof step === 'number') return `${path}[${step}]`;
    return path === '' ? step : `${path}.${step}`;
  }, '');
}

/** Whether one of these texts names the input at this path, or an object that it is in. */
export function namesPath(texts: ReadonlySet<string>, steps: readonly Step[]): boolean {
  return steps.some((_, index) => {
    const upTo = steps.slice(0, index + 1);
    return texts.has(formatPath(upTo)) || texts.has(dottedPath(upTo));
  });
}
