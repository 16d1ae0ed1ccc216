import { run, works } from './process.mjs';

/** Returns a function that runs a program of `node_modules`. */
export const tool = (path) => (args, env, options) =>
  run('node', [path, ...args], { env, ...options });

/** Arguments of Node that run TypeScript. */
export const ts = ['-r', 'ts-node/register/transpile-only'];

/** Runs steps until one fails. */
export async function all(...steps) {
  let worst = 0;
  for (const step of steps) worst ||= await step();
  return worst;
}

/** Runs every step, so that one run reports all failures. */
export async function each(...steps) {
  const codes = [];
  for (const step of steps) codes.push(await step());
  return codes.find((code) => code !== 0) ?? 0;
}

/** Whether an argument names a test, and not an option. */
export const isPath = (arg) => !arg.startsWith('-');

/** Separates `--sample`, the smaller run of CI, from the arguments for the tests. */
export function sampleOf(args) {
  return {
    sample: args.includes('--sample'),
    rest: args.filter((arg) => arg !== '--sample'),
  };
}

export async function requireGo(env) {
  if (await works('go', ['version'], { env })) return 0;
  throw new Error('these tests build third-party Go programs: put Go 1.26 on the PATH.');
}
