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
} from './builder';
import { builderEnvironment, environmentOfBuild } from './environment';
import { type Command, type Finished, runCommand } from './process';
import { redactionFor } from './redaction';
import { type SessionFolder, createSessionFolder } from './session-folder';
import { SignedImageError } from '../error';
import { type Digest, isDigest } from '../oci/digest';
import { type Reference, type Tag, formatReference, parseTag } from '../oci/reference';

/** What builders need of the machine. */
export interface BuilderDeps {
  /** Variables of this process; those that builders read are handed on to them. */
  readonly env: NodeJS.ProcessEnv;
  /** Default: the machine's clock. */
  readonly now?: () => Date;
}

/** The variables with which a builder answers questions about itself. */
export function environmentOf({ env }: BuilderDeps, request: BuildRequest): NodeJS.ProcessEnv {
  return builderEnvironment(env, request.environment);
}

/** One build at work: its temporary folder, its tagged reference, and its way to run commands. */
export interface BuildSession {
  readonly request: BuildRequest;
  readonly folder: string;
  readonly tag: Tag;
  /** `host/path:tag`. */
  readonly target: string;
  /** What was declared; without it the builder gets the login that the user has. */
  readonly login: RegistryLogin | undefined;
  /** Variables of each process of the build, beside those of a step. */
  readonly env: NodeJS.ProcessEnv;
  readonly log: BuildLog;
  /** Runs to the end, the output going to the log. @throws SignedImageError `BUILD_FAILED` */
  run(step: Step): Promise<readonly string[]>;
  /** Whether it ran to the end; a failure is the caller's to handle. Its output goes to the log. */
  attempt(step: Step): Promise<boolean>;
  /** Runs what only tidies up: its failure is told in the log and stops nothing. */
  tidy(step: Step): Promise<void>;
}

export interface Step {
  /** For people: program and subcommand, never the arguments (they may hold what is secret). */
  readonly label: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Its output is data and not for people: it does not go to the log. */
  readonly quiet?: boolean;
  /** The declared property that a failure most likely comes from. */
  readonly property: string;
}

/** The same session with further variables for each command. */
export function withVariables(session: BuildSession, variables: NodeJS.ProcessEnv): BuildSession {
  const extended = (step: Step): Step => ({ ...step, env: { ...variables, ...step.env } });
  return {
    ...session,
    run: (step) => session.run(extended(step)),
    attempt: (step) => session.attempt(extended(step)),
    tidy: (step) => session.tidy(extended(step)),
  };
}

/** Makes a session, lets the builder do its work in it, and leaves nothing behind. */
export async function inSession(
  builder: CommandBuilderName,
  deps: BuilderDeps,
  [request, log, options]: readonly [BuildRequest, BuildLog, BuildOptions | undefined],
  work: (session: BuildSession) => Promise<Digest>,
): Promise<BuildResult> {
  const now = deps.now ?? (() => new Date());
  const started = now();
  const tag = request.reference.tag ?? uniqueTag(started);
  const folder = await createSessionFolder();
  try {
    const env = await environmentOfBuild(deps.env, request);
    const session = openSession(env, request, log, options, folder, tag);
    const digest = await work(session);
    return {
      digest,
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
  tag: Tag,
): BuildSession {
  const redact = redactionFor(request, env);
  const signal = options?.signal;
  const shown: BuildLog = (line) => log(redact(line));
  const execute = async (
    { program, args, env: further }: Step,
    how: Pick<Command, 'signal' | 'onLine'>,
  ): Promise<Finished | undefined> => {
    try {
      return await runCommand({
        program,
        args,
        env: { ...env, ...further },
        onStart: folder.guard,
        ...how,
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
    login: loginOf(request),
    env,
    log: shown,
    run: async (step) => {
      const finished = await execute(step, { signal, ...(!step.quiet && { onLine: shown }) });
      if (signal?.aborted) throw failed(step, 'was stopped', []);
      if (finished?.code === 0) return finished.stdout;
      throw failed(
        step,
        howEnded(finished?.code, finished === undefined),
        // Cut after it: a part of a secret is not always recognized.
        (finished?.tail ?? []).map((line) => redact(line).slice(0, LONGEST_QUOTED_LINE)),
      );
    },
    attempt: async (step) => {
      const finished = await execute(step, { signal, onLine: shown });
      if (signal?.aborted) throw failed(step, 'was stopped', []);
      return finished?.code === 0;
    },
    tidy: async (step) => {
      const finished = await execute(step, {});
      if (finished?.code === 0) return;
      shown(`${step.label} failed and left something behind in the local storage`);
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

function howEnded(code: number | undefined, missing: boolean): string {
  if (missing) return 'is not on the PATH';
  return code === undefined ? 'was ended by a signal' : `failed with exit code ${code}`;
}

function failed(step: Step, how: string, tail: readonly string[]): SignedImageError {
  const output = tail.length > 0 ? `; its last output:\n${tail.join('\n')}` : '';
  return new SignedImageError({
    code: 'BUILD_FAILED',
    property: step.property,
    message: `\`${step.label}\` ${how}${output}`,
  });
}

/** The digest that a builder wrote into a file of the session. */
export async function digestFromFile(session: BuildSession, name: string): Promise<Digest> {
  const text = await readFile(join(session.folder, name), 'utf8').catch(() => '');
  return claimedDigest(text.trim());
}

/** @throws SignedImageError `BUILD_DIGEST_MISSING` */
export function claimedDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new SignedImageError({
    code: 'BUILD_DIGEST_MISSING',
    property: 'build.builder',
    message:
      'the builder did not say which digest it pushed, and a look at the tag could find somebody ' +
      "else's image; update the builder, or name another in build.builder",
  });
}

/**
 * A tag that nobody else pushes: `build-<UTC time>-<random>`. Without one, two builds that push the
 * same tag could each be taken for the other; and a manifest without any tag is garbage to most
 * registries. Not made from the content, so that a registry with immutable tags takes a rebuild.
 */
function uniqueTag(now: Date): Tag {
  const time = now
    .toISOString()
    .replace(/[-:]|\.\d+/g, '')
    .toLowerCase();
  return parseTag(`build-${time}-${randomBytes(4).toString('hex')}`);
}
