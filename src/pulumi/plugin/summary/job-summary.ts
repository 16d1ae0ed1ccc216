import { open, stat } from 'node:fs/promises';

import { messageOf } from '../../../error';
import type { ResourceLog } from '../protocol/engine-log';

/** Opts in to a section for each image in the summary of the CI job. */
export const SUMMARY_VARIABLE = 'SIGNED_IMAGE_JOB_SUMMARY';

/** https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#job-summaries */
const MAX_SUMMARY_BYTES = 1024 * 1024;
/** Space that is left for other output of the same step. */
const RESERVED_BYTES = 16 * 1024;

const OMITTED = '\nFurther images are not shown: the summary of a step is limited to 1 MiB.\n';

/**
 * Returns the file of the job summary (`GITHUB_STEP_SUMMARY`) if `SIGNED_IMAGE_JOB_SUMMARY` is `true`;
 * `undefined` otherwise, also outside of GitHub Actions.
 */
export function summaryPath(env: NodeJS.ProcessEnv): string | undefined {
  const path = env['GITHUB_STEP_SUMMARY'];
  return env[SUMMARY_VARIABLE] === 'true' && path ? path : undefined;
}

/** The summary of the step in which this process runs. */
export class JobSummary {
  #last: Promise<void> = Promise.resolve();
  #full = false;

  constructor(private readonly path: string) {}

  /**
   * Appends a section, unless the file would exceed the limit. A file that cannot be written is a warning: it
   * must not fail an update.
   */
  append(section: string, log: Pick<ResourceLog, 'warn'>): Promise<void> {
    // One after the other, because the size of the file is compared with the limit.
    this.#last = this.#last
      .then(() => this.#append(section))
      .catch((error: unknown) => {
        log.warn(`the job summary cannot be written to GITHUB_STEP_SUMMARY: ${messageOf(error)}`);
      });
    return this.#last;
  }

  async #append(section: string): Promise<void> {
    if (this.#full) return;
    // Output of another program may end without a line break.
    const bytes = Buffer.from(`\n${section}`);
    const size = await sizeOf(this.path);
    this.#full = size + bytes.length > MAX_SUMMARY_BYTES - RESERVED_BYTES;
    if (!this.#full) return write(this.path, bytes);
    const notice = Buffer.from(OMITTED);
    if (size + notice.length <= MAX_SUMMARY_BYTES) await write(this.path, notice);
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

/** Writes all bytes with one call, so that sections of several processes are not mixed. */
async function write(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'a');
  try {
    const { bytesWritten } = await file.write(bytes);
    if (bytesWritten < bytes.length) throw new Error('the file system is full');
  } finally {
    await file.close();
  }
}
