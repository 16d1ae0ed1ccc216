// Command readlog reads a Rekor v2 with the clients of its own project, and prints as JSON what it has read:
// `readlog URL ORIGIN KEY.pem [OLD_SIZE OLD_ROOT_HEX]`.
package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"github.com/sigstore/rekor-tiles/v2/pkg/client/read"
	pb "github.com/sigstore/rekor-tiles/v2/pkg/generated/protobuf"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/api/layout"
	"github.com/transparency-dev/tessera/client"
	"google.golang.org/protobuf/encoding/protojson"
)

type result struct {
	Origin  string         `json:"origin"`
	Size    uint64         `json:"size"`
	Root    string         `json:"root"`
	Entries uint64         `json:"entries"`
	Kinds   map[string]int `json:"kinds"`
	// Whether the log continues the tree of OLD_SIZE and OLD_ROOT_HEX.
	Consistent *bool `json:"consistent,omitempty"`
}

func verifierOf(path string) (signature.Verifier, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key, err := cryptoutils.UnmarshalPEMToPublicKey(pem)
	if err != nil {
		return nil, err
	}
	return signature.LoadVerifier(key, crypto.SHA256)
}

// readEntries hashes all entries, parses each as the log's own message, and returns the root over them.
func readEntries(ctx context.Context, reader read.Client, size uint64, found *result) ([]byte, error) {
	hasher := rfc6962.DefaultHasher
	tree := (&compact.RangeFactory{Hash: hasher.HashChildren}).NewEmptyRange(0)
	for index := uint64(0); index*layout.EntryBundleWidth < size; index++ {
		raw, err := reader.ReadEntryBundle(ctx, index, layout.PartialTileSize(0, index, size))
		if err != nil {
			return nil, err
		}
		var bundle api.EntryBundle
		if err := bundle.UnmarshalText(raw); err != nil {
			return nil, err
		}
		for _, body := range bundle.Entries {
			var entry pb.Entry
			if err := protojson.Unmarshal(body, &entry); err != nil {
				return nil, fmt.Errorf("entry %d: %w", found.Entries, err)
			}
			found.Kinds[entry.GetKind()+" "+entry.GetApiVersion()]++
			found.Entries++
			if err := tree.Append(hasher.HashLeaf(body), nil); err != nil {
				return nil, err
			}
		}
	}
	return tree.GetRootHash(nil)
}

func run(args []string) (*result, error) {
	if len(args) != 3 && len(args) != 5 {
		return nil, fmt.Errorf("usage: readlog URL ORIGIN KEY.pem [OLD_SIZE OLD_ROOT_HEX]")
	}
	ctx := context.Background()
	verifier, err := verifierOf(args[2])
	if err != nil {
		return nil, err
	}
	reader, err := read.NewReader(args[0], args[1], verifier)
	if err != nil {
		return nil, err
	}
	checkpoint, _, err := reader.ReadCheckpoint(ctx)
	if err != nil {
		return nil, err
	}
	found := &result{
		Origin: checkpoint.Origin,
		Size:   checkpoint.Size,
		Root:   hex.EncodeToString(checkpoint.Hash),
		Kinds:  map[string]int{},
	}
	root, err := readEntries(ctx, reader, checkpoint.Size, found)
	if err != nil {
		return nil, err
	}
	if checkpoint.Size > 0 && !bytes.Equal(root, checkpoint.Hash) {
		return nil, fmt.Errorf("the entries have the root %x, and %x is signed", root, checkpoint.Hash)
	}
	if len(args) == 3 {
		return found, nil
	}
	oldSize, err := strconv.ParseUint(args[3], 10, 64)
	if err != nil {
		return nil, err
	}
	oldRoot, err := hex.DecodeString(args[4])
	if err != nil || len(oldRoot) != sha256.Size {
		return nil, fmt.Errorf("OLD_ROOT_HEX is not a SHA-256")
	}
	builder, err := client.NewProofBuilder(ctx, checkpoint.Size, reader.ReadTile)
	if err != nil {
		return nil, err
	}
	hashes, err := builder.ConsistencyProof(ctx, oldSize, checkpoint.Size)
	if err != nil {
		return nil, err
	}
	err = proof.VerifyConsistency(rfc6962.DefaultHasher, oldSize, checkpoint.Size, hashes, oldRoot, checkpoint.Hash)
	consistent := err == nil
	found.Consistent = &consistent
	return found, nil
}

func main() {
	found, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
