export { buildkiteAgent } from './buildkite';
export { circleCiJob } from './circleci';
export type { IdentityDouble, TokenMint } from './double';
export { googleCloud, type GoogleDouble } from './google-cloud';
export { GITLAB_CLAIMS, githubActions, gitlabCi, storedToken } from './jobs';
export { kubernetesPod, type KubernetesDouble } from './kubernetes';
export { personAtBrowser, type PersonDouble } from './person';
export { type SpiffeAnswer, spiffeAgent, type SpiffeDouble } from './spiffe';
