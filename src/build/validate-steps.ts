import { stat } from 'node:fs/promises';
import { isIP } from 'node:net';

import type { Problem } from '../error';
import { type DeclaredBuild, parseSsh } from './declared';
import { parseContext } from './named-contexts';

const NETWORKS: readonly string[] = ['default', 'none', 'host'];
const HOST = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?$/;
/** A word, or a reference that the context replaces. */
const CONTEXT_NAME = /^[A-Za-z0-9_][A-Za-z0-9._/:@-]*$/;
const SSH_ID = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

type AddProblem = (property: string, message: string) => void;

/** Returns the problems of the inputs that apply to the steps of the Dockerfile. */
export async function stepProblems(
  declared: DeclaredBuild,
  cwd: string,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const addProblem: AddProblem = (property, message) =>
    void problems.push({ property: `build.${property}`, code: 'INPUT_INVALID', message });
  const { network, noCache, cacheFrom = [], addHosts = {} } = declared;
  if (network !== undefined && !NETWORKS.includes(network)) {
    addProblem('network', `${JSON.stringify(network)} is not one of ${NETWORKS.join(', ')}`);
  }
  if (noCache && cacheFrom.length > 0) {
    addProblem('noCache', 'contradicts build.cacheFrom; remove one of them');
  }
  for (const [host, address] of Object.entries(addHosts)) {
    if (!HOST.test(host)) addProblem(memberPath('addHosts', host), 'is not a host name');
    if (isIP(address) === 0) {
      addProblem(memberPath('addHosts', host), `${JSON.stringify(address)} is not an IP address`);
    }
  }
  for (const [name, value] of Object.entries(declared.contexts ?? {})) {
    const fault = await contextFault(name, value, cwd);
    if (fault !== undefined) addProblem(memberPath('contexts', name), fault);
  }
  await addSshProblems(declared.ssh ?? [], cwd, addProblem);
  return problems;
}

async function contextFault(name: string, value: string, cwd: string): Promise<string | undefined> {
  if (!CONTEXT_NAME.test(name)) return 'is not the name of a context';
  const context = parseContext(value, cwd);
  if (context === undefined) {
    return `${JSON.stringify(value)} is neither a folder nor \`docker-image://\` and an image reference; other sources are not supported`;
  }
  if (context.kind === 'image') return undefined;
  const found = await stat(context.path).catch(() => undefined);
  if (found === undefined) return `the folder ${context.path} does not exist`;
  return found.isDirectory() ? undefined : `${context.path} is not a folder`;
}

async function addSshProblems(
  specs: readonly string[],
  cwd: string,
  addProblem: AddProblem,
): Promise<void> {
  const ids = new Set<string>();
  for (const [index, spec] of specs.entries()) {
    const property = `ssh[${index}]`;
    const { id, paths } = parseSsh(spec, cwd);
    if (!SSH_ID.test(id) || (paths.length === 0 && id !== 'default') || spec.endsWith('=')) {
      addProblem(property, `${JSON.stringify(spec)} is not \`default\` or \`id=path\``);
      continue;
    }
    if (ids.has(id)) addProblem(property, `the id ${id} is listed twice`);
    ids.add(id);
    for (const path of paths) {
      if (!(await exists(path))) addProblem(property, `the key or socket ${path} does not exist`);
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** The path of a member of a map, as Pulumi writes it. */
export function memberPath(property: string, name: string): string {
  return /^[A-Za-z_]\w*$/.test(name)
    ? `${property}.${name}`
    : `${property}[${JSON.stringify(name)}]`;
}
