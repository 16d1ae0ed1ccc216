import { type Finished, runCommand } from './process';

/** A tool that does not answer within this time is not going to build anything. */
const PROBE_MS = 15_000;

/** Asks a tool about itself. `env`: as `environmentOf` selects it. */
export async function probe(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Finished | undefined> {
  const signal = AbortSignal.timeout(PROBE_MS);
  return runCommand({ program, args, env, signal });
}

/** Why the tool cannot be used, in its own last words; `undefined`: it answered. */
export function refusal(program: string, answer: Finished | undefined): string | undefined {
  if (answer === undefined) return `${program} is not installed (not on the PATH)`;
  if (answer.code === 0) return undefined;
  if (answer.code === undefined) return `${program} did not answer within ${PROBE_MS / 1000} s`;
  const said = answer.tail.map((line) => line.trim()).filter((line) => line !== '');
  return said.at(-1) ?? `${program} failed with exit code ${answer.code}`;
}
