export {
  type FolderMatches,
  IgnoreFileError,
  type IgnoreRule,
  IgnoreRules,
  readRules,
  type MatchResult,
} from './rules';
