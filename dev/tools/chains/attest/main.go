// Attests a TaskRun as Tekton Chains does, without a cluster: Chains' own formats, signature and storage in OCI.
// https://github.com/tektoncd/chains/blob/main/pkg/chains/signing.go
//
//	chains-attest <taskrun.json> <configuration: JSON> <private key in PEM>
package main

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"fmt"
	"os"

	"github.com/google/go-containerregistry/pkg/name"
	intoto "github.com/in-toto/attestation/go/v1"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/tektoncd/chains/pkg/chains/formats"
	_ "github.com/tektoncd/chains/pkg/chains/formats/slsa/v1"
	_ "github.com/tektoncd/chains/pkg/chains/formats/slsa/v2alpha3"
	_ "github.com/tektoncd/chains/pkg/chains/formats/slsa/v2alpha4"
	"github.com/tektoncd/chains/pkg/chains/objects"
	"github.com/tektoncd/chains/pkg/chains/signing"
	"github.com/tektoncd/chains/pkg/chains/storage/api"
	"github.com/tektoncd/chains/pkg/chains/storage/oci"
	"github.com/tektoncd/chains/pkg/config"
	v1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

type keySigner struct{ signature.SignerVerifier }

func (keySigner) Type() string  { return signing.TypeX509 }
func (keySigner) Cert() string  { return "" }
func (keySigner) Chain() string { return "" }

func main() {
	if err := attest(context.Background(), os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func attest(ctx context.Context, runFile, configuration, keyFile string) error {
	text, err := os.ReadFile(runFile)
	if err != nil {
		return err
	}
	run := v1.TaskRun{}
	if err := json.Unmarshal(text, &run); err != nil {
		return err
	}
	// The data of the config map `chains-config`.
	data := map[string]string{}
	if err := json.Unmarshal([]byte(configuration), &data); err != nil {
		return err
	}
	cfg, err := config.NewConfigFromMap(data)
	if err != nil {
		return err
	}
	payloader, err := formats.GetPayloader(config.PayloadType(cfg.Artifacts.TaskRuns.Format), *cfg)
	if err != nil {
		return err
	}
	payload, err := payloader.CreatePayload(ctx, objects.NewTaskRunObjectV1(&run))
	if err != nil {
		return err
	}
	var statement *intoto.Statement
	switch each := payload.(type) {
	case *intoto.Statement:
		statement = each
	case intoto.Statement: //nolint:govet // As Chains returns it for SLSA v1.
		statement = &each
	default:
		return fmt.Errorf("the payload is %T, not a statement", payload)
	}
	if len(statement.Subject) == 0 {
		return fmt.Errorf("the run has no image")
	}
	raw, err := protojson.Marshal(statement)
	if err != nil {
		return err
	}
	signer, err := loadSigner(keyFile)
	if err != nil {
		return err
	}
	envelope, err := signer.SignMessage(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	for _, subject := range statement.Subject {
		image, err := name.NewDigest(fmt.Sprintf("%s@sha256:%s", subject.Name, subject.Digest["sha256"]))
		if err != nil {
			return err
		}
		storer, err := oci.NewAttestationStorer(oci.WithTargetRepository(image.Repository))
		if err != nil {
			return err
		}
		request := &api.StoreRequest[name.Digest, *intoto.Statement]{
			Artifact: image,
			Payload:  statement,
			Bundle: &signing.Bundle{
				Content:   raw,
				Signature: envelope,
				Cert:      []byte(signer.Cert()),
				Chain:     []byte(signer.Chain()),
			},
		}
		if _, err := storer.Store(ctx, request); err != nil {
			return err
		}
	}
	return nil
}

func loadSigner(keyFile string) (signing.Signer, error) {
	text, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, err
	}
	key, err := cryptoutils.UnmarshalPEMToPrivateKey(text, cryptoutils.SkipPassword)
	if err != nil {
		return nil, err
	}
	signer, err := signature.LoadSignerVerifier(key, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	return signing.Wrap(keySigner{signer})
}
