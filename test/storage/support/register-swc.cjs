'use strict';

// Faster to start than the compiler of TypeScript; swc knows no later target by ts-node.
require('ts-node').register({ swc: true, compilerOptions: { target: 'es2022' } });
