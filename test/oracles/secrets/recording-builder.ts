import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** One run of the builder, as reported by the kernel. */
export interface RecordedRun {
  readonly commandLine: string;
  readonly environment: string;
}

/**
 * A `buildah` for the head of the PATH: it copies the `/proc` entries of its process, and becomes the
 * real one.
 */
export function recordingBuilder(folder: string): {
  readonly path: string;
  runs(): readonly RecordedRun[];
} {
  const real = execFileSync('sh', ['-c', 'command -v buildah'], { encoding: 'utf8' }).trim();
  const bin = join(folder, 'bin');
  const records = join(folder, 'runs');
  mkdirSync(bin, { recursive: true });
  mkdirSync(records, { recursive: true });
  writeFileSync(
    join(bin, 'buildah'),
    `#!/bin/sh\ncat /proc/$$/cmdline > ${records}/$$.cmdline\ncat /proc/$$/environ > ${records}/$$.environ\nexec ${real} "$@"\n`,
  );
  chmodSync(join(bin, 'buildah'), 0o755);
  const read = (name: string): string =>
    existsSync(join(records, name)) ? readFileSync(join(records, name), 'utf8') : '';
  return {
    path: `${bin}:${process.env['PATH'] ?? ''}`,
    runs: () =>
      readdirSync(records)
        .filter((name) => name.endsWith('.cmdline'))
        .map((name) => ({
          commandLine: read(name),
          environment: read(name.replace('.cmdline', '.environ')),
        })),
  };
}
