import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { findExecutable, launchEnvironment } from '../host/executable';
import type { Host } from '../host/host';
import { parseIdentityToken } from './identity-token';
import { type IdentityClaims } from './certificate-subject';
import type { TokenSource } from './identity-provider';
import { SIGSTORE_TOKEN_VARIABLE } from './stored-token';
import { unavailable } from './token-request';

/** https://circleci.com/docs/openid-connect-tokens/ */
const JOB_TOKENS = ['CIRCLE_OIDC_TOKEN_V2', 'CIRCLE_OIDC_TOKEN'] as const;
const TIMEOUT_MS = 30_000;
const OUTPUT_LIMIT = 256 * 1024;

type CircleHost = Pick<Host, 'env' | 'now'>;

export function isOnCircleCi({ env }: Pick<Host, 'env'>): boolean {
  return env['CIRCLECI'] === 'true';
}

/**
 * The tokens in a job's environment have the organization's id as audience, which Fulcio does not
 * accept; the command that is available in every job creates tokens for other audiences:
 * https://circleci.com/docs/oidc-tokens-with-custom-claims/
 */
export function circleCiSource(host: CircleHost, audience: string): TokenSource {
  return {
    name: 'the identity token of CircleCI',
    local: false,
    property: 'keyless',
    audienceAdvice: `request one with \`circleci run oidc get --claims '{"aud":"${audience}"}'\``,
    read: async () => {
      const given = host.env[SIGSTORE_TOKEN_VARIABLE];
      if (given) return given;
      return (
        JOB_TOKENS.map((name) => host.env[name]).find((token) => isFor(audience, token, host)) ??
        createToken(host, audience)
      );
    },
  };
}

function isFor(audience: string, token: string | undefined, { now }: CircleHost): boolean {
  try {
    return token !== undefined && parseIdentityToken(token, { audience, now }) !== undefined;
  } catch {
    return false;
  }
}

async function createToken({ env }: CircleHost, audience: string): Promise<string> {
  const program = findExecutable('circleci', env);
  if (program === undefined) {
    throw unavailable(
      `the command \`circleci\`, which creates identity tokens, was not found; ${REMEDY}`,
    );
  }
  const claims: Pick<IdentityClaims, 'aud'> = { aud: audience };
  const args = ['run', 'oidc', 'get', '--claims', JSON.stringify(claims)];
  try {
    const { stdout } = await promisify(execFile)(program, args, {
      env: launchEnvironment(env),
      timeout: TIMEOUT_MS,
      maxBuffer: OUTPUT_LIMIT,
    });
    if (stdout.trim() !== '') return stdout;
  } catch (error) {
    // The output, which may be a token, must not appear in the error.
    throw unavailable(`${reasonOf(error)}; ${REMEDY}`);
  }
  throw unavailable(`the command \`circleci run oidc get\` did not print a token; ${REMEDY}`);
}

const REMEDY =
  'run in a CircleCI job (a fork gets tokens only if its builds get secrets), or create a token in an earlier ' +
  `step and pass it on as ${SIGSTORE_TOKEN_VARIABLE}`;

function reasonOf(error: unknown): string {
  const { code } = error as { readonly code?: unknown };
  return `the command \`circleci run oidc get\` failed (${String(code ?? 'stopped')})`;
}
