import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Whether this clone differs from its commit; `false` if it is not a git work tree. */
export async function isDirty(folder: string): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)('git', ['status', '--porcelain'], { cwd: folder });
    return stdout !== '';
  } catch {
    return false;
  }
}
