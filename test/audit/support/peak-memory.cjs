'use strict';

// Loaded with --require: writes the peak of the process's memory, in kB, to the file of PEAK_MEMORY_FILE.
const { readFileSync, writeFileSync } = require('node:fs');

/** `maxRSS` begins with the memory of the process that started this one (getrusage of Linux), which may have more. */
function peak() {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    return kilobytes;
  } catch {
    return String(process.resourceUsage().maxRSS);
  }
}

process.on('exit', () => {
  writeFileSync(process.env.PEAK_MEMORY_FILE, peak());
});
