import { spawn } from 'node:child_process';

import { messageOf, SignedImageError } from '../error';
import { findExecutable, launchEnvironment } from '../host/executable';
import type { Credentials } from './credentials';
import { parseBoundedJson } from '../http/json-bounds';

export interface HelperResult {
  readonly exitCode: number;
  readonly stdout: string;
}

/** Runs `docker-credential-<name> get` with `input` on its standard input. Throws if it cannot be started. */
export type HelperRunner = (name: string, input: string) => Promise<HelperResult>;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const TIMEOUT_MS = 30_000;
const MAX_OUTPUT_LENGTH = 1024 * 1024;

/** Returns a runner for helpers on the PATH of `env`. */
export function runHelper(env: NodeJS.ProcessEnv): HelperRunner {
  return (name, input) =>
    new Promise((resolve, reject) => {
      const program = findExecutable(`docker-credential-${name}`, env);
      if (program === undefined) return reject(new Error('it is not on the PATH'));
      const child = spawn(program, ['get'], {
        env: launchEnvironment(env),
        stdio: ['pipe', 'pipe', 'ignore'],
        // Not `timeout`: its timer keeps running if the program does not exist.
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      let stdout = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        stdout += text;
        if (stdout.length > MAX_OUTPUT_LENGTH) child.kill();
      });
      child.once('error', reject);
      child.once('close', (exitCode) => resolve({ exitCode: exitCode ?? -1, stdout }));
      // If a helper exits without reading its input, its exit code is reported, not the broken pipe.
      child.stdin.once('error', () => undefined).end(input);
    });
}

/**
 * Gets credentials from a helper. `undefined`: it does not have any for this server.
 *
 * https://github.com/docker/docker-credential-helpers#development
 *
 * @throws SignedImageError `CREDENTIALS_UNREADABLE`; the message never contains the helper's output
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
  if (!NAME.test(name)) throw failed('has an invalid name');
  let result: HelperResult;
  try {
    result = await run(name, server);
  } catch (error) {
    throw failed(`cannot be run (${messageOf(error)})`);
  }
  const { exitCode, stdout } = result;
  if (exitCode !== 0) {
    if (/credentials not found/i.test(stdout)) return undefined;
    throw failed(`exited with code ${exitCode}`);
  }
  const { Username, Secret } = parseOutput(stdout) ?? {};
  if (typeof Username !== 'string' || typeof Secret !== 'string') {
    throw failed('did not return a JSON object with Username and Secret');
  }
  if (Secret === '') return undefined;
  if (Username === '<token>') return { kind: 'identity-token', token: Secret, source: program };
  return { kind: 'password', username: Username, password: Secret, source: program };
}

function parseOutput(
  stdout: string,
): { readonly Username?: unknown; readonly Secret?: unknown } | undefined {
  try {
    const output = parseBoundedJson(stdout);
    return typeof output === 'object' && output !== null ? output : undefined;
  } catch {
    // The parser's message quotes the text, which may be the secret.
    return undefined;
  }
}
