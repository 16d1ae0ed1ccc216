import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import type { Project } from '../../project/project';
import { startNode, type Child } from '../child';
import type { ProgramOptions } from '../program-options';

/** Folder and entry point as the real language host resolves them: `main` may name a folder or a file. */
const entryOf = (project: Project): { readonly pwd: string; readonly entry: string } => {
  if (project.main === undefined) return { pwd: project.dir, entry: '.' };
  const main = join(project.dir, project.main);
  return statSync(main).isDirectory()
    ? { pwd: main, entry: '.' }
    : { pwd: dirname(main), entry: basename(main) };
};

/** Runs an unmodified Pulumi Node program with the SDK of its own dependencies. */
export const startNodeProgram = (options: ProgramOptions): Child => {
  const { project } = options;
  const { pwd, entry } = entryOf(project);
  const runner = createRequire(join(pwd, 'program.js')).resolve('@pulumi/pulumi/cmd/run');
  return startNode({
    args: [
      ...project.nodeArgs,
      runner,
      ...['--monitor', options.monitor, '--engine', options.monitor],
      ...['--organization', options.organization, '--project', project.name],
      ...['--root-directory', project.dir, '--stack', options.stack, '--pwd', pwd],
      ...(options.dryRun ? ['--dry-run'] : []),
      ...['--parallel', String(options.parallel)],
      entry,
    ],
    cwd: pwd,
    env: {
      ...options.env,
      PULUMI_CONFIG: JSON.stringify(options.config),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(options.secretKeys),
      ...(project.typescript && { PULUMI_NODEJS_TYPESCRIPT: 'true' }),
    },
    onLine: options.onLine,
  });
};
