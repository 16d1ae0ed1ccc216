'use strict';

const { mkdirSync, writeFileSync } = require('node:fs');
const { dirname } = require('node:path');

/** Jest reporter: leaves how many tests passed and failed in the file that its option names. */
class Tally {
  constructor(_globalConfig, { file }) {
    this.file = file;
  }

  onRunComplete(_contexts, results) {
    mkdirSync(dirname(this.file), { recursive: true });
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = results;
    // A file that does not even load ran no test, and is a failure all the same.
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    writeFileSync(this.file, JSON.stringify({ passed: numPassedTests, failed }));
  }
}

module.exports = Tally;
