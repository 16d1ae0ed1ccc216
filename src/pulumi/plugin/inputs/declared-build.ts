import { isAbsolute, relative, sep } from 'node:path';

import {
  buildPaths,
  type DeclaredBuild,
  formatContext,
  isOnCommandLine,
  type NamedContexts,
  parseContexts,
  parseSsh,
  type SshSource,
  validateBuild,
} from '../../../build';
import type { Problem } from '../../../error';
import type { InputReader } from './input-reader';

/** A build as declared, and what may be published about it. */
export interface BuildDeclaration {
  readonly declared: DeclaredBuild;
  /** Absolute. */
  readonly context: string;
  /** Absolute. */
  readonly dockerfile: string;
  /** The same two paths for a signed statement, without absolute paths of this machine. */
  readonly relativePaths: {
    readonly context: string;
    readonly dockerfile: string;
    readonly contexts: Readonly<Record<string, string>>;
  };
  readonly secretArgs: readonly string[];
  readonly secretIds: readonly string[];
  /** With absolute paths. */
  readonly contexts: NamedContexts;
  /** With absolute paths. */
  readonly ssh: readonly SshSource[];
}

export function readBuild(build: InputReader, cwd: string): BuildDeclaration {
  const secrets = build.at('secrets').record();
  const declared: DeclaredBuild = {
    context: build.at('context').string(),
    dockerfile: build.at('dockerfile').string(),
    target: build.at('target').string(),
    args: build.at('args').record(),
    secrets,
    platforms: build.at('platforms').strings(),
    labels: build.at('labels').record(),
    cacheFrom: build.at('cacheFrom').strings(),
    cacheTo: build.at('cacheTo').strings(),
    contexts: build.at('contexts').record(),
    pull: build.at('pull').boolean(),
    noCache: build.at('noCache').boolean(),
    network: build.at('network').string(),
    addHosts: build.at('addHosts').record(),
    ssh: build.at('ssh').strings(),
    sbom: build.at('sbom').boolean(),
    builder: build.at('builder').string(),
    buildxBuilder: build.at('buildxBuilder').string(),
    environment: build.at('environment').strings(),
  };
  const { context, dockerfile } = buildPaths(declared, cwd);
  const contexts = parseContexts(declared.contexts, cwd);
  const ids = build.at('secretIds');
  return {
    declared,
    context,
    dockerfile,
    relativePaths: {
      context: toProgramRelativePath(context, cwd),
      dockerfile: toProgramRelativePath(dockerfile, cwd),
      contexts: relativeContexts(contexts, cwd),
    },
    secretArgs: secretNames(build.at('args')),
    contexts,
    ssh: (declared.ssh ?? []).map((spec) => parseSsh(spec, cwd)),
    // `check` removes the values and keeps the ids.
    secretIds: ids.isGiven ? ids.strings() : Object.keys(secrets).sort(),
  };
}

/** Validates `build`; inputs that are not known yet are not reported. */
export async function buildProblems(inputs: InputReader, cwd: string): Promise<readonly Problem[]> {
  const build = readBuild(inputs.at('build'), cwd);
  const problems = [
    ...(await validateBuild(build.declared, cwd)),
    ...commandLineSecretProblems(build),
  ];
  const knowsPaths = inputs.isKnown('build.context') && inputs.isKnown('build.dockerfile');
  return problems.filter(({ code }) => knowsPaths || code !== 'BUILD_CONTEXT_INVALID');
}

/** Reports secret arguments that could be passed to the builder only on its command line. */
function commandLineSecretProblems({ declared, secretArgs }: BuildDeclaration): readonly Problem[] {
  return secretArgs
    .filter((name) => isOnCommandLine(name, declared.environment))
    .map((name) => ({
      property: `build.args.${name}`,
      code: 'INPUT_INVALID',
      message:
        'is secret, and a variable of this name would change the builder itself, so the value would be ' +
        'on its command line, which every user of the machine can read; rename the argument, or use `build.secrets`',
    }));
}

/** If a map is secret as a whole, every member is secret. */
function secretNames(args: InputReader): readonly string[] {
  const members = args.members();
  const some = members.filter(([, member]) => member.isSecret).map(([name]) => name);
  if (some.length > 0 || !args.isSecret) return some.sort();
  return members.map(([name]) => name).sort();
}

function relativeContexts(contexts: NamedContexts, cwd: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(contexts).map(([name, context]) => [
      name,
      context.kind === 'folder' ? toProgramRelativePath(context.path, cwd) : formatContext(context),
    ]),
  );
}

/** Returns a path relative to the program's directory; outside of it, only the last two path segments. */
function toProgramRelativePath(path: string, cwd: string): string {
  const segments = relative(cwd, path).split(sep);
  if (segments.length === 1 && segments[0] === '') return '.';
  const outside = segments[0] === '..' || isAbsolute(segments.join(sep));
  return (outside ? segments.filter((part) => part !== '..').slice(-2) : segments).join('/');
}
