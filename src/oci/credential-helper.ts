import { spawn } from 'node:child_process';

import { messageOf, SignedImageError } from '../error';
import { findExecutable, launchEnvironment } from '../host/executable';
import type { Credentials } from './credentials';
import { parseBoundedJson } from '../http/json-bounds';

export interface HelperResult {
  readonly exitCode: number;
  readonly stdout: string;
}

/** Runs `docker-credential-<name> get` with `input` on its standard input. Throws if it cannot. */
export type HelperRunner = (name: string, input: string) => Promise<HelperResult>;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const TIMEOUT = 30_000;
const LONGEST_OUTPUT = 1024 * 1024;

/** Runs helpers found on the PATH of `env`. */
export function runHelper(env: NodeJS.ProcessEnv): HelperRunner {
  return (name, input) =>
    new Promise((resolve, reject) => {
      const program = findExecutable(`docker-credential-${name}`, env);
      if (program === undefined) return reject(new Error('it is not on the PATH'));
      const child = spawn(program, ['get'], {
        env: launchEnvironment(env),
        stdio: ['pipe', 'pipe', 'ignore'],
        // Not `timeout`: its timer goes on when the program is not there.
        signal: AbortSignal.timeout(TIMEOUT),
      });
      let stdout = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        stdout += text;
        if (stdout.length > LONGEST_OUTPUT) child.kill();
      });
      child.once('error', reject);
      child.once('close', (exitCode) => resolve({ exitCode: exitCode ?? -1, stdout }));
      // A helper that ends without reading is told by its exit code, not by the broken pipe.
      child.stdin.once('error', () => undefined).end(input);
    });
}

/**
 * Asks a helper. `undefined`: it has nothing for this server.
 *
 * https://github.com/docker/docker-credential-helpers#development
 *
 * @throws SignedImageError `CREDENTIALS_UNREADABLE`. What the helper printed is never in it.
 */
export async function runCredentialHelper(
  run: HelperRunner,
  name: string,
  server: string,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  const failed = (what: string): SignedImageError =>
    new SignedImageError({
      code: 'CREDENTIALS_UNREADABLE',
      message: `the credential helper ${program} ${what}; try "echo ${server} | ${program} get"`,
    });
  if (!NAME.test(name)) throw failed('has a name that is not taken');
  let result: HelperResult;
  try {
    result = await run(name, server);
  } catch (error) {
    throw failed(`cannot be run (${messageOf(error)})`);
  }
  const { exitCode, stdout } = result;
  if (exitCode !== 0) {
    if (/credentials not found/i.test(stdout)) return undefined;
    throw failed(`ended with code ${exitCode}`);
  }
  const { Username, Secret } = parseAnswer(stdout) ?? {};
  if (typeof Username !== 'string' || typeof Secret !== 'string') {
    throw failed('did not answer with a JSON object that has Username and Secret');
  }
  if (Secret === '') return undefined;
  if (Username === '<token>') return { kind: 'identity-token', token: Secret, source: program };
  return { kind: 'password', username: Username, password: Secret, source: program };
}

function parseAnswer(
  stdout: string,
): { readonly Username?: unknown; readonly Secret?: unknown } | undefined {
  try {
    const answer = parseBoundedJson(stdout);
    return typeof answer === 'object' && answer !== null ? answer : undefined;
  } catch {
    // The parser's message quotes the text, which may be the secret.
    return undefined;
  }
}
