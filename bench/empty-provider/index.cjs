'use strict';

// What every provider in Node pays: the SDK's own server, and nothing behind it.
const { main } = require('@pulumi/pulumi/provider');

void main({ version: '0.0.0' }, process.argv.slice(2));
