/**
 * The third-party programs, in groups: a group is built as a whole on demand. Each group is a Go
 * module folder, so that programs can require different versions of a module; the versions are in
 * its go.mod.
 *
 * `programs`: the package of each program, by the program's name. `sources`: source files besides
 * go.mod and go.sum. `ldflags`: flags for Go's linker, if a program needs any.
 * `tags` and `env`: build tags and variables for Go.
 * `minutes`: the approximate time of the first build.
 */
export const GROUPS = {
  cosign: {
    folder: '.',
    minutes: 5,
    sources: ['rekorcanon/main.go'],
    programs: {
      cosign: 'github.com/sigstore/cosign/v3/cmd/cosign',
      crane: 'github.com/google/go-containerregistry/cmd/crane',
      registry: 'github.com/google/go-containerregistry/cmd/registry',
      rekorcanon: './rekorcanon',
    },
  },
  // The last line of cosign 2, which many installations still use.
  cosign2: {
    folder: 'cosign2',
    minutes: 5,
    sources: [],
    programs: { cosign2: 'github.com/sigstore/cosign/v2/cmd/cosign' },
  },
  // The policy code of podman, skopeo, Buildah and CRI-O.
  'containers-policy': {
    folder: 'containers-policy',
    minutes: 2,
    sources: ['evaluate/main.go'],
    // Without GnuPG's C library and the drivers for local storage.
    tags: ['containers_image_openpgp', 'containers_image_storage_stub'],
    env: { CGO_ENABLED: '0' },
    programs: { 'containers-policy': './evaluate' },
  },
  services: {
    folder: 'services/sigstore',
    minutes: 3,
    sources: [],
    programs: {
      fulcio: 'github.com/sigstore/fulcio',
      'rekor-tiles': 'github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix',
      'timestamp-server': 'github.com/sigstore/timestamp-authority/v2/cmd/timestamp-server',
    },
  },
  // Readers of logs, with the clients of the logs' own projects.
  logs: {
    folder: 'services/sigstore',
    minutes: 2,
    sources: ['readlog/main.go'],
    programs: { readlog: './readlog' },
  },
  rekor: {
    folder: 'services/rekor',
    minutes: 10,
    sources: [],
    programs: {
      'rekor-server': 'github.com/sigstore/rekor/cmd/rekor-server',
      trillian_log_server: 'github.com/google/trillian/cmd/trillian_log_server',
      trillian_log_signer: 'github.com/google/trillian/cmd/trillian_log_signer',
    },
  },
  vault: {
    folder: 'vault',
    minutes: 4,
    sources: ['transit/main.go'],
    programs: { transit: './transit' },
  },
  kubernetes: {
    folder: 'kubernetes',
    minutes: 12,
    sources: ['etcd/main.go'],
    // Built from a module it does not have its own version, which clients request.
    ldflags: ['gitVersion=v1.36.2', 'gitMajor=1', 'gitMinor=36']
      .map((value) => `-X k8s.io/component-base/version.${value}`)
      .join(' '),
    programs: {
      etcd: './etcd',
      'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
      'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
    },
  },
  buildkit: {
    folder: 'buildkit',
    minutes: 7,
    sources: [],
    programs: {
      buildctl: 'github.com/moby/buildkit/cmd/buildctl',
      buildkitd: 'github.com/moby/buildkit/cmd/buildkitd',
      'docker-buildx': 'github.com/docker/buildx/cmd/buildx',
    },
  },
  // The formats, the signature and the storage of Tekton Chains, without its controller.
  chains: {
    folder: 'chains',
    minutes: 10,
    sources: ['attest/main.go'],
    env: { CGO_ENABLED: '0' },
    programs: { 'chains-attest': './attest' },
  },
  moby: {
    folder: 'moby',
    minutes: 7,
    sources: [],
    tags: ['no_libnftables'],
    env: { CGO_ENABLED: '0' },
    programs: {
      containerd: 'github.com/containerd/containerd/v2/cmd/containerd',
      'containerd-shim-runc-v2': 'github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2',
      dockerd: 'github.com/moby/moby/v2/cmd/dockerd',
    },
  },
  sdk: {
    folder: 'sdk',
    minutes: 6,
    sources: ['main.go', 'files.go', 'java.go', 'logo.go'].map((name) => `generate/${name}`),
    programs: { 'generate-sdk': './generate' },
  },
  yaml: {
    folder: 'yaml',
    minutes: 6,
    sources: [],
    programs: { 'pulumi-language-yaml': 'github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml' },
  },
  actionlint: {
    folder: 'actionlint',
    minutes: 1,
    sources: [],
    programs: { actionlint: 'github.com/rhysd/actionlint/cmd/actionlint' },
  },
  'sigstore-go': {
    folder: 'sigstore-go',
    minutes: 3,
    sources: [],
    programs: {
      'sigstore-go-verification':
        'github.com/sigstore/sigstore-go/examples/sigstore-go-verification',
    },
  },
  'policy-controller': {
    folder: 'policy-controller',
    minutes: 12,
    sources: ['policy-tester/main.go'],
    programs: { 'policy-tester': './policy-tester' },
  },
  'in-toto': {
    folder: 'slsa',
    minutes: 1,
    sources: ['statement/main.go'],
    programs: { 'intoto-statement': './statement' },
  },
  gh: {
    folder: 'gh',
    minutes: 5,
    sources: [],
    // Built from a module it does not have its own version.
    ldflags: '-X github.com/cli/cli/v2/internal/build.Version=2.83.2',
    programs: { gh: 'github.com/cli/cli/v2/cmd/gh' },
  },
  slsa: {
    folder: 'slsa',
    minutes: 6,
    sources: ['verifier/main.go'],
    programs: {
      'slsa-verifier': 'github.com/slsa-framework/slsa-verifier/v2/cli/slsa-verifier',
      'slsa-verifier-private': './verifier',
    },
  },
  oracles: {
    folder: 'oracles',
    minutes: 3,
    sources: [
      ...['moby/main.go', 'moby/ignore.go', 'moby/dockerfile.go', 'moby/reference.go'],
      'httpproxy/main.go',
    ],
    programs: { moby: './moby', httpproxy: './httpproxy' },
  },
};
