import type { Language } from './language';
import { PYTHON } from './python';

/** The rows that run a program. */
export const LANGUAGES: readonly Language[] = [PYTHON];
