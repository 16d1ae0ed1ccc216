import { InvalidInputError, type Problem, SignedImageError } from './signed-image-error';

/** Runs a check and turns what it throws into problems on their properties; a defect is thrown on. */
export async function problemsOf(
  property: string,
  check: () => Promise<unknown>,
): Promise<readonly Problem[]> {
  try {
    await check();
    return [];
  } catch (error) {
    if (error instanceof InvalidInputError) return error.problems;
    if (!(error instanceof SignedImageError)) throw error;
    return [{ property: error.property ?? property, code: error.code, message: error.message }];
  }
}

/** The same problems without those that were said already. */
export function distinct(problems: readonly Problem[]): readonly Problem[] {
  const said = new Set<string>();
  return problems.filter(({ property, message }) => {
    const key = `${property}\n${message}`;
    if (said.has(key)) return false;
    said.add(key);
    return true;
  });
}
