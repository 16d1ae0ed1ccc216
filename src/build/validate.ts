import { realpath, stat } from 'node:fs/promises';

import type { Problem } from '../error';
import {
  type CapabilityRequest,
  describeMissing,
  missingCapabilities,
  variantsOf,
} from './capabilities';
import {
  BUILDER_NAMES,
  buildPaths,
  type DeclaredBuild,
  ignoreConvention,
  networkOf,
  parseSsh,
} from './declared';
import { isSamePlatform } from './image-config';
import { parseContexts } from './named-contexts';
import { memberPath, stepProblems } from './validate-steps';

// https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md: GOOS, GOARCH and variant.
const PLATFORM = /^[a-z0-9]+\/[a-z0-9]+(?:\/[a-z0-9.]+)?$/;
const ARGUMENT = /^[A-Za-z_][A-Za-z0-9_]*$/;
// The id becomes a file name below /run/secrets and a field of a comma-separated flag.
const SECRET_ID = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const BUILDX_BUILDER = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Returns all problems of `build`. `cwd` is the program's folder. */
export async function validateBuild(
  declared: DeclaredBuild,
  cwd: string,
): Promise<readonly Problem[]> {
  return [
    ...(await pathProblems(declared, cwd)),
    ...valueProblems(declared),
    ...(await stepProblems(declared, cwd)),
    ...builderProblems(declared),
    ...capabilityProblems(declared),
  ];
}

async function pathProblems(declared: DeclaredBuild, cwd: string): Promise<readonly Problem[]> {
  const problem = (property: string, message: string): Problem => ({
    property: `build.${property}`,
    code: 'BUILD_CONTEXT_INVALID',
    message,
  });
  if (declared.context?.includes('://')) {
    return [problem('context', 'must be a local folder; a context by URL is not supported')];
  }
  const { context, dockerfile } = buildPaths(declared, cwd);
  const problems: Problem[] = [];
  const [folder, file] = [await kindOf(context), await kindOf(dockerfile)];
  if (folder !== 'folder') {
    problems.push(problem('context', `the build context ${context} ${explain(folder, 'folder')}`));
  }
  // A default Dockerfile that is missing together with its context is not reported separately.
  if (file !== 'file' && (folder === 'folder' || declared.dockerfile !== undefined)) {
    problems.push(
      problem(
        'dockerfile',
        `the Dockerfile ${dockerfile} ${explain(file, 'file')}; set build.dockerfile`,
      ),
    );
  }
  if (file === 'file' && (await hasOtherIgnoreFile(dockerfile, declared))) {
    problems.push(
      problem(
        'dockerfile',
        `the Dockerfile ${dockerfile} is a symbolic link, and its own ignore file is not that of its target; link that file, too`,
      ),
    );
  }
  return problems;
}

/** Builders are given the target, and would read the ignore file beside it. */
async function hasOtherIgnoreFile(dockerfile: string, declared: DeclaredBuild): Promise<boolean> {
  const real = (path: string): Promise<string | undefined> => realpath(path).catch(() => undefined);
  const target = await real(dockerfile);
  const suffixes =
    ignoreConvention(declared) === 'docker'
      ? ['.dockerignore']
      : ['.dockerignore', '.containerignore'];
  for (const suffix of suffixes) {
    if ((await real(`${dockerfile}${suffix}`)) !== (await real(`${target}${suffix}`))) return true;
  }
  return false;
}

type Kind = 'folder' | 'file' | 'other' | 'missing' | 'unreadable';

async function kindOf(path: string): Promise<Kind> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return 'folder';
    return found.isFile() ? 'file' : 'other';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'unreadable';
  }
}

function explain(kind: Kind, wanted: 'folder' | 'file'): string {
  if (kind === 'missing') return 'does not exist';
  return kind === 'unreadable' ? 'cannot be read' : `is not a ${wanted}`;
}

function valueProblems(declared: DeclaredBuild): readonly Problem[] {
  const problems: Problem[] = [];
  const addProblem = (property: string, message: string): void => {
    problems.push({ property: `build.${property}`, code: 'INPUT_INVALID', message });
  };
  const platforms = declared.platforms ?? [];
  platforms.forEach((platform, index) => {
    if (!PLATFORM.test(platform)) {
      addProblem(
        `platforms[${index}]`,
        `${JSON.stringify(platform)} is not a platform; expected os/arch[/variant], for example linux/arm64`,
      );
      return;
    }
    const first = platforms.find((each) => isSamePlatform(each, platform));
    if (platforms.indexOf(platform) !== index) {
      addProblem(`platforms[${index}]`, `${platform} is listed twice`);
    } else if (first !== undefined && first !== platform) {
      addProblem(`platforms[${index}]`, `${platform} is the same platform as ${first}`);
    }
  });
  for (const id of Object.keys(declared.secrets ?? {})) {
    if (!SECRET_ID.test(id))
      addProblem(
        memberPath('secrets', id),
        'a secret id may contain only letters, digits, ".", "_" and "-"',
      );
    else if (declared.secrets?.[id] === '')
      addProblem(memberPath('secrets', id), 'this secret is empty');
  }
  for (const name of Object.keys(declared.args ?? {})) {
    if (!ARGUMENT.test(name))
      addProblem(
        memberPath('args', name),
        'an argument name may contain only letters, digits and "_"',
      );
  }
  for (const group of ['args', 'labels', 'secrets'] as const) {
    for (const [name, value] of Object.entries(declared[group] ?? {})) {
      if (value.includes('\0'))
        addProblem(
          memberPath(group, name),
          'must not contain a NUL character; encode it as base64',
        );
    }
  }
  for (const [index, name] of (declared.environment ?? []).entries()) {
    if (!/^[A-Za-z_][A-Za-z0-9_()]*$/.test(name))
      addProblem(`environment[${index}]`, 'must be the name of an environment variable');
  }
  for (const name of Object.keys(declared.labels ?? {})) {
    if (name === '' || /[=\s]/.test(name))
      addProblem(
        memberPath('labels', name),
        'a label name must not be empty or contain "=" or white space',
      );
  }
  if (declared.target !== undefined && !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(declared.target)) {
    addProblem('target', 'must be the name of a stage');
  }
  return problems;
}

function builderProblems({ builder = 'auto', buildxBuilder }: DeclaredBuild): readonly Problem[] {
  const problems: Problem[] = [];
  const addProblem = (property: string, message: string): void => {
    problems.push({ property: `build.${property}`, code: 'INPUT_INVALID', message });
  };
  if (!(BUILDER_NAMES as readonly string[]).includes(builder)) {
    addProblem(
      'builder',
      `${JSON.stringify(builder)} is not a builder; expected one of ${BUILDER_NAMES.join(', ')}`,
    );
  }
  if (buildxBuilder === undefined) return problems;
  if (!BUILDX_BUILDER.test(buildxBuilder))
    addProblem('buildxBuilder', 'is not the name of a buildx builder');
  return problems;
}

/** What no variant of the named builder supports; the driver of buildx is not known before the build. */
function capabilityProblems(declared: DeclaredBuild): readonly Problem[] {
  const { builder = 'auto' } = declared;
  const variants = variantsOf(builder);
  if (variants.length === 0) return [];
  return missingCapabilities(variants, capabilityRequest(declared)).map((missing) => ({
    property: missing.input,
    code: 'INPUT_INVALID',
    message: describeMissing(missing, builder),
  }));
}

function capabilityRequest(declared: DeclaredBuild): CapabilityRequest {
  const { platforms = [], secrets = {}, cacheFrom = [], cacheTo = [], buildxBuilder } = declared;
  const { noCache = false, network, ssh = [], sbom = false } = declared;
  return {
    noCache,
    ...networkOf(network),
    contexts: parseContexts(declared.contexts, '/'),
    ssh: ssh.map((spec) => parseSsh(spec, '/')),
    sbom,
    platforms,
    secrets,
    cacheFrom,
    cacheTo,
    ...(buildxBuilder !== undefined && { buildxBuilder }),
    registry: { insecure: false },
  };
}
