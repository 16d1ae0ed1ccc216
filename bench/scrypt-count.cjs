'use strict';

// Loaded into the plugin before anything else: writes one line for each key that is derived.
const { appendFileSync } = require('node:fs');
const crypto = require('node:crypto');

for (const name of ['scrypt', 'scryptSync']) {
  const original = crypto[name];
  crypto[name] = (...args) => {
    appendFileSync(process.env.BENCH_SCRYPT_FILE, `${name}\n`);
    return original(...args);
  };
}
