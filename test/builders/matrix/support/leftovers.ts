import { readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { type Engine } from '../../../../dev/builders';
import { execute } from '../../../../dev/builders/engine';
import type { Column } from './columns';
import { commandLines } from './command-lines';

const SHARED_MEMORY = '/dev/shm';
const DAEMON_TIMEOUT_MS = 15_000;

/** What is in places that a build uses, before it starts. */
export interface Before {
  readonly folders: ReadonlySet<string>;
  readonly images: ReadonlySet<string>;
}

export async function stateBefore(column: Column, engine: Engine): Promise<Before> {
  return { folders: new Set(sessionFolders()), images: new Set(await imageNames(column, engine)) };
}

export interface LeftoverQuery {
  readonly column: Column;
  readonly engine: Engine;
  readonly before: Before;
  /** The repositories of this cell, `host/path`. */
  readonly repository: string;
  readonly secrets: readonly string[];
  /** Names of images that may stay in the local store. */
  readonly allowed: readonly string[];
}

/** What a build left on this machine that it should not have left; one line for each. */
export async function leftovers(query: LeftoverQuery): Promise<readonly string[]> {
  const { column, engine, before, repository, secrets, allowed } = query;
  const folders = await abandoned(before.folders);
  const images = (await imageNames(column, engine)).filter((name) => !before.images.has(name));
  const ours = images.filter(
    (name) => name.startsWith(`${repository}:`) || name.includes('signed-image-build'),
  );
  return [
    ...folders.map((name) => `the temporary folder ${name}`),
    ...ours.filter((name) => !allowed.includes(name)).map((name) => `the local image ${name}`),
    ...(await keptContainers(column, engine)).map((name) => `the working container ${name}`),
    ...filesWith(secrets).map((path) => `a secret in ${path}`),
  ];
}

const sessionFolders = (): readonly string[] =>
  readdirSync(tmpdir()).filter((name) => name.startsWith('signed-image-build-'));

/** New folders of builds that have ended: while a build runs, its guard process names the folder. */
async function abandoned(before: ReadonlySet<string>): Promise<readonly string[]> {
  const added = () => sessionFolders().filter((name) => !before.has(name));
  const guarded = commandLines().filter((line) => line.includes('signed-image-guard'));
  const suspects = added().filter((name) => !guarded.some((line) => line.includes(name)));
  // Another suite's may be about to be removed.
  if (suspects.length > 0) await delay(1500);
  const now = new Set(added());
  return suspects.filter((name) => now.has(name));
}

/** Names of the images in the local store. */
async function imageNames(column: Column, { env }: Engine): Promise<readonly string[]> {
  const format = '{{.Repository}}:{{.Tag}}';
  const list = async (program: string): Promise<readonly string[]> => {
    const args =
      program === 'buildah'
        ? ['images', '--format', '{{.Name}}:{{.Tag}}']
        : ['images', '--format', format];
    return (await execute(program, args, env)).split('\n').filter((line) => line !== '');
  };
  if (column.builder === 'auto') return [...(await list('docker')), ...(await list('podman'))];
  return column.store === 'none' ? [] : list(column.store);
}

const LISTS = {
  docker: (format: readonly string[]) => ['docker', ['ps', '--all', ...format]] as const,
  podman: (format: readonly string[]) =>
    ['podman', ['ps', '--all', '--external', ...format]] as const,
  buildah: () => ['buildah', ['containers', '--quiet']] as const,
};

/** A daemon ends a step after its client has gone, and then removes the container. */
async function keptContainers(column: Column, engine: Engine): Promise<readonly string[]> {
  const isDaemon = column.store === 'docker';
  const deadline = Date.now() + (isDaemon ? DAEMON_TIMEOUT_MS : 0);
  for (;;) {
    const names = await containerNames(column, engine);
    if (names.length === 0 || Date.now() >= deadline) return names;
    await delay(200);
  }
}

/** Containers in which a RUN was executed. */
async function containerNames(column: Column, { env }: Engine): Promise<readonly string[]> {
  const format = ['--format', '{{.ID}}'];
  const programs =
    column.builder === 'auto' ? (['docker', 'podman', 'buildah'] as const) : [column.store];
  const lists = programs.flatMap((program) => (program === 'none' ? [] : [LISTS[program](format)]));
  const found: string[] = [];
  for (const [program, args] of lists) {
    const lines = (await execute(program, args, env)).split('\n');
    found.push(...lines.filter((line) => line !== '').map((line) => `${program} ${line}`));
  }
  return found;
}

/** Files in memory in which one of the secrets is. */
function filesWith(secrets: readonly string[]): readonly string[] {
  if (secrets.length === 0) return [];
  return readdirSync(SHARED_MEMORY, { recursive: true, encoding: 'utf8' })
    .map((name) => join(SHARED_MEMORY, name))
    .filter((path) => {
      try {
        const { size } = statSync(path);
        if (size > 1 << 20) return false;
        const text = readFileSync(path, 'utf8');
        return secrets.some((secret) => text.includes(secret));
      } catch {
        // A folder, or gone by now.
        return false;
      }
    });
}
