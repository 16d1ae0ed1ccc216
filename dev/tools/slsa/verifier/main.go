// Command verifier runs `slsa-verifier verify-github-attestation` with a private trusted root.
//
// The program slsa-verifier reads its trusted root only from Sigstore's public TUF repository, and the
// keys of that repository are compiled in. This command sets the same package variable to the root in
// a file; everything else, from the bundle to the last check of the statement, is code of slsa-verifier.
//
// Usage: verifier <trusted_root.json> <bundle.json> <source-uri> <builder-id> <artifact>
package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	_ "unsafe"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/slsa-framework/slsa-verifier/v2/cli/slsa-verifier/verify"
	_ "github.com/slsa-framework/slsa-verifier/v2/verifiers/utils"
)

//go:linkname trustedRoot github.com/slsa-framework/slsa-verifier/v2/verifiers/utils.trustedRoot
var trustedRoot *root.LiveTrustedRoot

//go:linkname trustedRootOnce github.com/slsa-framework/slsa-verifier/v2/verifiers/utils.trustedRootOnce
var trustedRootOnce *sync.Once

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 5 {
		return fmt.Errorf("expected 5 arguments, got %d", len(args))
	}
	private, err := root.NewTrustedRootFromPath(args[0])
	if err != nil {
		return err
	}
	trustedRoot = &root.LiveTrustedRoot{TrustedRoot: private}
	trustedRootOnce.Do(func() {})
	command := verify.VerifyGithubAttestationCommand{
		AttestationPath: args[1],
		SourceURI:       args[2],
		BuilderID:       &args[3],
	}
	builder, err := command.Exec(context.Background(), args[4])
	if err != nil {
		return err
	}
	fmt.Println(builder.String())
	return nil
}
