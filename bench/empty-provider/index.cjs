'use strict';

// The minimal cost of a provider in Node: the SDK's own server without resources.
const { main } = require('@pulumi/pulumi/provider');

void main({ version: '0.0.0' }, process.argv.slice(2));
