import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { RegistryLogin } from './auth-file';
import type {
  BuildLog,
  BuildOptions,
  BuildRequest,
  BuildResult,
  CommandBuilderName,
  PushedImage,
} from './builder';
import { builderEnvironment, environmentOfBuild } from './environment';
import { failureHint } from './failure-hints';
import { namingFiles } from './file-failures';
import { withRealPaths } from './handed-paths';
import { type Command, type Finished, runCommand } from './process';
import { redactionFor } from './redaction';
import { type SessionFolder, createSessionFolder } from './session-folder';
import { SignedImageError } from '../error';
import { type Digest, isDigest } from '../oci/digest';
import { type Reference, type Tag, formatReference, parseTag } from '../oci/reference';

/** Dependencies of the builders. */
export interface BuilderDeps {
  /** Environment of this process; the variables that builders read are passed on to them. */
  readonly env: NodeJS.ProcessEnv;
  /** Default: the machine's clock. */
  readonly now?: () => Date;
}

/** Returns the environment for commands that check whether a builder works. */
export function environmentOf({ env }: BuilderDeps, request: BuildRequest): NodeJS.ProcessEnv {
  return builderEnvironment(env, request.environment);
}

/** One running build: its temporary folder, its tagged reference, and its commands. */
export interface BuildSession {
  readonly request: BuildRequest;
  readonly folder: string;
  readonly tag: Tag;
  /** `host/path:tag`. */
  readonly target: string;
  /** A tag that no other build has; `tag`, if none was declared. */
  readonly uniqueTag: Tag;
  /** The declared login; without it the builder uses the user's login. */
  readonly login: RegistryLogin | undefined;
  /** Environment of each process of the build, in addition to that of a step. */
  readonly env: NodeJS.ProcessEnv;
  /** Logs a note to the user. */
  readonly log: (note: string) => void;
  /** Runs a step and logs its output. @throws SignedImageError `BUILD_FAILED` */
  run(step: Step): Promise<readonly string[]>;
  /** Runs a step, logs its output, and returns whether it succeeded. */
  attempt(step: Step): Promise<boolean>;
  /** Runs a cleanup step: a failure is logged and otherwise ignored. */
  cleanUp(step: Step): Promise<void>;
}

export interface Step {
  /** For messages: program and subcommand, never the arguments (which may contain secrets). */
  readonly label: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Do not log the output, because it is data. */
  readonly quiet?: boolean;
  /** The input property that most likely causes a failure. */
  readonly property: string;
  /** Output with which a cleanup step reports that there is nothing to remove. */
  readonly nothingToDo?: RegExp;
}

/** Returns the session with further environment variables for each command. */
export function withVariables(session: BuildSession, variables: NodeJS.ProcessEnv): BuildSession {
  const extended = (step: Step): Step => ({ ...step, env: { ...variables, ...step.env } });
  return {
    ...session,
    run: (step) => session.run(extended(step)),
    attempt: (step) => session.attempt(extended(step)),
    cleanUp: (step) => session.cleanUp(extended(step)),
  };
}

/**
 * Runs a build in a session, which is cleaned up afterwards.
 *
 * @throws SignedImageError `BUILD_FAILED` also if the temporary folder cannot be used
 */
export function inSession(
  builder: CommandBuilderName,
  deps: BuilderDeps,
  call: readonly [BuildRequest, BuildLog, BuildOptions | undefined],
  work: (session: BuildSession) => Promise<PushedImage>,
): Promise<BuildResult> {
  return namingFiles(() => runSession(builder, deps, call, work));
}

async function runSession(
  builder: CommandBuilderName,
  deps: BuilderDeps,
  [declared, log, options]: readonly [BuildRequest, BuildLog, BuildOptions | undefined],
  work: (session: BuildSession) => Promise<PushedImage>,
): Promise<BuildResult> {
  const request = await withRealPaths(declared);
  const now = deps.now ?? (() => new Date());
  const started = now();
  const unique = uniqueTag(started);
  const tag = request.reference.tag ?? unique;
  const folder = await createSessionFolder();
  try {
    const env = await environmentOfBuild(deps.env, request);
    const session = openSession(env, request, log, options, folder, unique);
    const pushed = await work(session);
    return {
      ...pushed,
      builder,
      tag,
      startedOn: started.toISOString(),
      finishedOn: now().toISOString(),
    };
  } finally {
    await folder.remove();
  }
}

function openSession(
  env: NodeJS.ProcessEnv,
  request: BuildRequest,
  log: BuildLog,
  options: BuildOptions | undefined,
  folder: SessionFolder,
  unique: Tag,
): BuildSession {
  const tag = request.reference.tag ?? unique;
  const redact = redactionFor(request, env);
  const signal = options?.signal;
  const logOutput = (line: string): void => log(redact(line), 'output');
  const logNote = (line: string): void => log(redact(line), 'note');
  const execute = async (
    { program, args, env: further }: Step,
    options: Pick<Command, 'signal' | 'onLine'>,
  ): Promise<Finished | undefined> => {
    try {
      return await runCommand({
        program,
        args,
        env: { ...env, ...further },
        onStart: folder.guard,
        ...options,
      });
    } finally {
      folder.guard(undefined);
    }
  };
  return {
    request,
    folder: folder.path,
    tag,
    target: formatReference(taggedOnly(request.reference, tag)),
    uniqueTag: unique,
    login: loginOf(request),
    env,
    log: logNote,
    run: async (step) => {
      const finished = await execute(step, { signal, ...(!step.quiet && { onLine: logOutput }) });
      if (signal?.aborted) throw failed(step, stopReason(signal), []);
      if (finished?.code === 0) return finished.stdout;
      throw failed(
        step,
        exitReason(finished?.code, finished === undefined),
        // Truncated after redaction: a part of a secret is not always recognized.
        (finished?.tail ?? []).map((line) => redact(line).slice(0, LONGEST_QUOTED_LINE)),
      );
    },
    attempt: async (step) => {
      const finished = await execute(step, { signal, onLine: logOutput });
      if (signal?.aborted) throw failed(step, stopReason(signal), []);
      return finished?.code === 0;
    },
    cleanUp: async (step) => {
      const finished = await execute(step, {});
      if (finished?.code === 0) return;
      const { nothingToDo } = step;
      if (nothingToDo && finished?.tail.some((line) => nothingToDo.test(line))) return;
      logNote(`cleanup failed: \`${step.label}\` did not remove an image from the local storage`);
    },
  };
}

/** Characters of a line that an error quotes. */
const LONGEST_QUOTED_LINE = 2_000;

function taggedOnly({ repository }: Reference, tag: Tag): Reference {
  return { repository, tag };
}

function loginOf({ registry }: BuildRequest): RegistryLogin | undefined {
  const { username, password } = registry;
  if (username === undefined || password === undefined) return undefined;
  return { username, password };
}

function stopReason({ reason }: AbortSignal): string {
  const isTimeout = reason instanceof Error && reason.name === 'TimeoutError';
  return isTimeout ? 'was stopped at its time limit (`customTimeouts`)' : 'was stopped';
}

function exitReason(code: number | undefined, missing: boolean): string {
  if (missing) return 'is not on the PATH';
  return code === undefined ? 'was terminated by a signal' : `failed with exit code ${code}`;
}

function failed(step: Step, reason: string, tail: readonly string[]): SignedImageError {
  const hint = failureHint(tail);
  const output = tail.length > 0 ? `; its last output:\n${tail.join('\n')}` : '';
  return new SignedImageError({
    code: 'BUILD_FAILED',
    property: hint?.property ?? step.property,
    message: `\`${step.label}\` ${reason}${hint ? `: ${hint.text}` : ''}${output}`,
  });
}

/** Reads the digest that a builder wrote to a file of the session. */
export async function digestFromFile(session: BuildSession, name: string): Promise<Digest> {
  const text = await readFile(join(session.folder, name), 'utf8').catch(() => '');
  return claimedDigest(text.trim());
}

/** Validates the digest that a builder reported. @throws SignedImageError `BUILD_DIGEST_MISSING` */
export function claimedDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new SignedImageError({
    code: 'BUILD_DIGEST_MISSING',
    property: 'build.builder',
    message:
      'the builder did not report the digest that it pushed, and resolving the tag could return another ' +
      "build's image; update the builder, or set `build.builder` to another one",
  });
}

/**
 * Generates a unique tag, `build-<UTC time>-<random>`. Otherwise two builds that push the same tag
 * could be confused; and most registries garbage-collect a manifest without a tag. The tag does not
 * depend on the content, so that a registry with immutable tags accepts a rebuild.
 */
function uniqueTag(now: Date): Tag {
  const time = now
    .toISOString()
    .replace(/[-:]|\.\d+/g, '')
    .toLowerCase();
  return parseTag(`build-${time}-${randomBytes(4).toString('hex')}`);
}
