import '../host/require-node';

import type * as admissionModule from '../enforce/admission';
import type { PolicyComponents } from '../pulumi/plugin/protocol/component-construction';
import { runPlugin } from '../pulumi/plugin/plugin';

/** Loaded with the first policy: most programs declare none. */
const policies = (): PolicyComponents => require('../enforce/admission') as typeof admissionModule;

void runPlugin(process.argv.slice(2), policies);
