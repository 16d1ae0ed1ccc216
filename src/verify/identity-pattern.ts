import type * as re2Module from 're2js';

/** A longer pattern is not an identity; compiling it would only take memory. */
const MAX_PATTERN_LENGTH = 2_000;

/** Whether a text matches as a whole. */
export type MatchesText = (text: string) => boolean;

/** A compiled pattern, or why it does not compile. */
export type CompiledPattern = { readonly matches: MatchesText } | { readonly fault: string };

/** Loaded with the first pattern: most programs do not use one. */
const engine = (): typeof re2Module => require('re2js') as typeof re2Module;

/**
 * Anchors a pattern at both ends, as a group, so that it must match a whole text. Policy engines search for a match
 * anywhere in the text, so generators write this form.
 */
export function anchored(pattern: string): string {
  return `^(?:${pattern})$`;
}

function faultOf(pattern: string): string | undefined {
  const { RE2JS } = engine();
  try {
    // Compiled separately: an unbalanced group must not close the group that anchors the pattern.
    RE2JS.compile(pattern);
    RE2JS.compile(anchored(pattern));
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown reason';
    return `is not a valid regular expression (RE2): ${reason.replace(/^error parsing regexp: /, '')}`;
  }
}

/**
 * Compiles a regular expression with the syntax and the results of Go's package `regexp` (RE2), which every policy
 * engine uses: matching takes linear time, and back-references and look-around are not supported.
 * https://github.com/google/re2/wiki/Syntax
 */
export function compilePattern(pattern: string): CompiledPattern {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    return { fault: `is longer than ${MAX_PATTERN_LENGTH} characters` };
  }
  // A lone surrogate cannot be written in YAML, nor sent to an engine.
  if (/\p{Cs}/u.test(pattern)) return { fault: 'is not well-formed Unicode' };
  const fault = faultOf(pattern);
  if (fault !== undefined) return { fault };
  const compiled = engine().RE2JS.compile(anchored(pattern));
  return { matches: (text) => compiled.test(text) };
}

/** Returns the expression that matches exactly this text. */
export function literalPattern(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}
