import { isAbsolute, relative, sep } from 'node:path';

import { buildPaths, type DeclaredBuild, isOnCommandLine, validateBuild } from '../../../build';
import type { Problem } from '../../../error';
import type { InputReader } from './input-reader';

/** A build as declared, and what may be told of it. */
export interface BuildDeclaration {
  readonly declared: DeclaredBuild;
  /** Absolute. */
  readonly context: string;
  /** Absolute. */
  readonly dockerfile: string;
  /** The same two for a signed statement: no path of this machine. */
  readonly formatPath: { readonly context: string; readonly dockerfile: string };
  readonly secretArgs: readonly string[];
  readonly secretIds: readonly string[];
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
    builder: build.at('builder').string(),
    buildxBuilder: build.at('buildxBuilder').string(),
    environment: build.at('environment').strings(),
  };
  const { context, dockerfile } = buildPaths(declared, cwd);
  const ids = build.at('secretIds');
  return {
    declared,
    context,
    dockerfile,
    formatPath: { context: told(context, cwd), dockerfile: told(dockerfile, cwd) },
    secretArgs: secretNames(build.at('args')),
    // After `check` the values are gone and the ids are left.
    secretIds: ids.given ? ids.strings() : Object.keys(secrets).sort(),
  };
}

/** Everything that is wrong with `build`; nothing is said of what is not known yet. */
export async function buildProblems(inputs: InputReader, cwd: string): Promise<readonly Problem[]> {
  const build = readBuild(inputs.at('build'), cwd);
  const problems = [...(await validateBuild(build.declared, cwd)), ...shownArguments(build)];
  const knowsPaths = inputs.knows('build.context') && inputs.knows('build.dockerfile');
  return problems.filter(({ code }) => knowsPaths || code !== 'BUILD_CONTEXT_INVALID');
}

/** Secret arguments that could be handed to the builder on its command line only. */
function shownArguments({ declared, secretArgs }: BuildDeclaration): readonly Problem[] {
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

/** Of a map that is secret as a whole, every member is. */
function secretNames(args: InputReader): readonly string[] {
  const members = args.members();
  const some = members.filter(([, member]) => member.isSecret).map(([name]) => name);
  if (some.length > 0 || !args.isSecret) return some.sort();
  return members.map(([name]) => name).sort();
}

/** Relative to the program's folder; of what lies outside of it only the last two names. */
function told(path: string, cwd: string): string {
  const way = relative(cwd, path).split(sep);
  if (way.length === 1 && way[0] === '') return '.';
  const outside = way[0] === '..' || isAbsolute(way.join(sep));
  return (outside ? way.filter((part) => part !== '..').slice(-2) : way).join('/');
}
