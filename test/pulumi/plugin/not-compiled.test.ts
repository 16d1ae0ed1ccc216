import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../../..');

it('the plugin of a clone that was not built fails with what to do, without a stack trace', () => {
  const folder = mkdtempSync(join(tmpdir(), 'clone-'));
  try {
    cpSync(join(ROOT, 'plugin'), join(folder, 'plugin'), { recursive: true });
    const program = join(folder, 'plugin/pulumi-resource-signed-image');
    const run = spawnSync(process.execPath, [program, '127.0.0.1:9'], { encoding: 'utf8' });
    expect(run.status).toBe(1);
    expect(run.stdout).toBe('');
    expect(run.stderr).toContain('npm run build');
    expect(run.stderr).toContain(join(folder, 'dist/plugin/main.js'));
    expect(run.stderr.trimEnd().split('\n')).toHaveLength(1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
