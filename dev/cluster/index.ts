export { type Cluster, type ClusterAnswer, type ClusterOptions, startCluster } from './cluster';
