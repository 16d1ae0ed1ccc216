import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

/**
 * Writes the bill of materials of an installed package, as npm writes it from its lock file: CycloneDX JSON.
 *
 * https://docs.npmjs.com/cli/commands/npm-sbom
 */
export function writeSbom(folder: string, file: string): void {
  const args = [
    'sbom',
    '--sbom-format=cyclonedx',
    '--sbom-type=application',
    '--package-lock-only',
  ];
  const sbom = execFileSync('npm', args, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 ** 2,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  writeFileSync(file, sbom);
}
