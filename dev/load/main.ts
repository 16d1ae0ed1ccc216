import { loadForeign } from './foreign';
import { loadProgram } from './program';
import { loadWriters } from './writers';

const IMAGES = 200;
const PROCESSES = 4;
const WRITERS_EACH = 8;
const FOREIGN = 1000;

async function main(): Promise<boolean> {
  const program = await loadProgram(IMAGES);
  const { images, seconds, peakMegabytes, requestsPerImage, expected, found, writesAgain } =
    program;
  console.log(
    `program: images ${images}, wall time ${seconds.toFixed(1)} s, peak memory of the plugin ` +
      `${peakMegabytes === undefined ? 'not available' : `${peakMegabytes} MB`}, requests per image ` +
      `${requestsPerImage.toFixed(1)}, signatures expected ${expected}, found ${found}; ` +
      `writes of a second update ${writesAgain}`,
  );
  const writers = [
    await loadWriters(PROCESSES, WRITERS_EACH, true),
    await loadWriters(PROCESSES, WRITERS_EACH, false),
  ];
  for (const each of writers) {
    console.log(
      `writers: ${PROCESSES} processes of ${WRITERS_EACH} on one .sig tag, registry ` +
        `${each.etags ? 'with' : 'without'} ETags, signatures expected ${each.expected}, found ${each.found}`,
    );
  }
  const foreign = await loadForeign(FOREIGN);
  console.log(
    `foreign: ${foreign.foreign} signatures of another signer on one image, signatures expected ` +
      `${foreign.expected}, found ${foreign.found}; ours ${foreign.verified ? 'verified' : 'NOT verified'}`,
  );
  return (
    [program, foreign, ...writers].every((load) => load.expected === load.found) &&
    writesAgain === 0 &&
    foreign.verified
  );
}

// Ends the process explicitly: idle connections of the clients and servers in it would delay the end.
main().then(
  (passed) => process.exit(passed ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
