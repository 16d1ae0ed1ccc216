import { join } from 'node:path';
import { startNode, type Child } from '../child';
import type { ProgramOptions } from '../program-options';
import { configEnvironment } from './environment';

const RUNNER = join(__dirname, 'python-runner.py');

/** The virtual environment of the project, or `python3` on the PATH, as the real language host chooses. */
const pythonOf = ({ project }: ProgramOptions): string => {
  if (project.virtualenv === undefined) return 'python3';
  const programs = process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python'];
  return join(project.dir, project.virtualenv, ...programs);
};

/** Runs a Pulumi Python program. The pip package `pulumi` has no runner: it is part of the CLI. */
export const startPythonProgram = (options: ProgramOptions): Child => {
  const { project } = options;
  return startNode({
    program: pythonOf(options),
    args: [
      ...['-u', RUNNER],
      ...['--monitor', options.monitor, '--engine', options.monitor],
      ...['--organization', options.organization, '--project', project.name],
      ...['--root-directory', project.dir, '--stack', options.stack],
      ...['--parallel', String(options.parallel)],
      ...(options.dryRun ? ['--dry-run'] : []),
      project.main ?? '.',
    ],
    cwd: project.dir,
    env: { ...options.env, ...configEnvironment(options), PYTHONDONTWRITEBYTECODE: '1' },
    onLine: options.onLine,
  });
};
