#!/usr/bin/env node
'use strict';

// The engine finds a plugin on the PATH by this name and starts it with its own address.
require('../dist/pulumi/plugin/main.js');
