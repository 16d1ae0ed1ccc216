// Evaluates an image with the engine of policy-controller, and prints whether it is admitted. Its own cmd/tester does
// the same, but supports one TrustRoot only, and requests a trusted root from a TUF repository by an empty name, unlike
// the controller.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/sigstore/policy-controller/pkg/apis/config"
	"github.com/sigstore/policy-controller/pkg/apis/policy/v1alpha1"
	"github.com/sigstore/policy-controller/pkg/policy"
	"github.com/sigstore/policy-controller/pkg/reconciler/trustroot"
	"github.com/sigstore/policy-controller/pkg/tuf"
	"knative.dev/pkg/apis"
	"sigs.k8s.io/yaml"
)

// keysOf reads a TrustRoot as the controller does.
func keysOf(ctx context.Context, file string) (string, *config.SigstoreKeys, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", nil, err
	}
	root := &v1alpha1.TrustRoot{}
	if err := yaml.UnmarshalStrict(text, root); err != nil {
		return "", nil, err
	}
	root.SetDefaults(ctx)
	if err := root.Validate(ctx); err != nil {
		return "", nil, err
	}
	if root.Spec.SigstoreKeys != nil {
		keys, err := config.ConvertSigstoreKeys(ctx, root.Spec.SigstoreKeys)
		return root.Name, keys, err
	}
	repository := root.Spec.Repository
	client, err := tuf.ClientFromSerializedMirror(ctx, repository.MirrorFS, repository.Root, repository.Targets, v1alpha1.DefaultTUFRepoPrefix)
	if err != nil {
		return "", nil, err
	}
	keys, err := trustroot.GetSigstoreKeysFromTuf(ctx, client, repository.TrustedRootTarget)
	return root.Name, keys, err
}

func main() {
	policies := flag.String("policy", "", "file of ClusterImagePolicy objects")
	image := flag.String("image", "", "host/repo@digest")
	// The other arguments are files, each with a TrustRoot.
	flag.Parse()
	ctx := context.Background()

	verification := policy.Verification{NoMatchPolicy: "deny", Policies: &[]policy.Source{{Path: *policies}}}
	if err := verification.Validate(ctx).Filter(apis.ErrorLevel); err != nil {
		log.Fatalf("the policy is invalid: %v", err)
	}
	verifier, err := policy.Compile(ctx, verification, func(format string, args ...interface{}) { log.Printf(format, args...) })
	if err != nil {
		log.Fatal(err)
	}
	settings := config.FromContextOrDefaults(ctx)
	settings.SigstoreKeysConfig = &config.SigstoreKeysMap{SigstoreKeys: map[string]*config.SigstoreKeys{}}
	for _, file := range flag.Args() {
		name, keys, err := keysOf(ctx, file)
		if err != nil {
			log.Fatalf("the trust root is invalid: %v", err)
		}
		settings.SigstoreKeysConfig.SigstoreKeys[name] = keys
	}
	ctx = config.ToContext(ctx, settings)
	reference, err := name.ParseReference(*image)
	if err != nil {
		log.Fatal(err)
	}
	if err := verifier.Verify(ctx, reference, authn.DefaultKeychain); err != nil {
		fmt.Println("refused:", err)
		os.Exit(1)
	}
	fmt.Println("admitted")
}
