// Command containers-policy evaluates a containers-policy.json(5) for an image, with the code that podman, skopeo, Buildah and
// CRI-O use: containers-policy POLICY REGISTRIES_D IMAGE. It prints "accepted", or the reason for which the image is rejected.
package main

import (
	"context"
	"fmt"
	"os"

	"go.podman.io/image/v5/docker"
	"go.podman.io/image/v5/image"
	"go.podman.io/image/v5/signature"
	"go.podman.io/image/v5/types"
)

func isAllowed(policyPath, registriesDir, name string) error {
	ctx := context.Background()
	policy, err := signature.NewPolicyFromFile(policyPath)
	if err != nil {
		return err
	}
	policies, err := signature.NewPolicyContext(policy)
	if err != nil {
		return err
	}
	defer policies.Destroy()
	ref, err := docker.ParseReference("//" + name)
	if err != nil {
		return err
	}
	// No configuration of the machine: neither mirrors nor credentials.
	source, err := ref.NewImageSource(ctx, &types.SystemContext{
		RegistriesDirPath:           registriesDir,
		SystemRegistriesConfPath:    os.DevNull,
		SystemRegistriesConfDirPath: registriesDir + "/none",
		AuthFilePath:                registriesDir + "/none.json",
		DockerInsecureSkipTLSVerify: types.OptionalBoolTrue,
	})
	if err != nil {
		return err
	}
	defer source.Close()
	allowed, err := policies.IsRunningImageAllowed(ctx, image.UnparsedInstance(source, nil))
	if err == nil && !allowed {
		return fmt.Errorf("not allowed, without a reason")
	}
	return err
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: containers-policy POLICY REGISTRIES_D IMAGE")
		os.Exit(2)
	}
	if err := isAllowed(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("accepted")
}
