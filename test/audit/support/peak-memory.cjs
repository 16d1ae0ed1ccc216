'use strict';

// Loaded with --require: writes the peak of the process's memory, in kB, to the file of PEAK_MEMORY_FILE.
const { writeFileSync } = require('node:fs');

process.on('exit', () => {
  writeFileSync(process.env.PEAK_MEMORY_FILE, String(process.resourceUsage().maxRSS));
});
