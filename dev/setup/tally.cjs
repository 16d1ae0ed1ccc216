'use strict';

const { appendFileSync, mkdirSync, writeFileSync } = require('node:fs');
const { dirname } = require('node:path');

/**
 * Jest reporter: leaves how many tests passed and failed in the file that its option names, and
 * all that the tests said (names, errors, console) where the search for secrets looks.
 */
class Tally {
  constructor(_globalConfig, { file }) {
    this.file = file;
  }

  onTestResult(_test, { testResults, console: lines }) {
    const { SECRET_SEARCH } = process.env;
    if (SECRET_SEARCH === undefined) return;
    const said = testResults.flatMap(({ fullName, failureMessages }) => [
      fullName,
      ...failureMessages,
    ]);
    const printed = (lines ?? []).map(({ message }) => message);
    appendFileSync(SECRET_SEARCH, `${[...said, ...printed].join('\n')}\n`);
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
