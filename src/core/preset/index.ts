/** Signers and requirements of build systems, as inputs of a verification. */
export { dockerGithubBuilder, type DockerGithubBuilderArgs } from './docker-github-builder';
export {
  githubActions,
  type GithubActionsArgs,
  type GithubRunnerEnvironment,
} from './github-actions';
export { gitlabCi, type GitlabCiArgs } from './gitlab-ci';
export { tektonChains, type TektonChainsArgs, type TektonChainsRequirement } from './tekton-chains';
export type { PresetIdentity } from './workflow-signer';
