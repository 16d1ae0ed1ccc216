// Command statement reads in-toto statements with SLSA v1 provenance, one a line, and prints a line for each:
// `ok`, or what is wrong. It parses them strictly (no unknown members) into the messages of in-toto's own
// definitions, and validates them with in-toto's own code.
package main

import (
	"bufio"
	"fmt"
	"os"

	provenance "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

func validate(line []byte) error {
	var statement intoto.Statement
	if err := protojson.Unmarshal(line, &statement); err != nil {
		return fmt.Errorf("statement: %w", err)
	}
	if err := statement.Validate(); err != nil {
		return fmt.Errorf("statement: %w", err)
	}
	if statement.GetPredicateType() != "https://slsa.dev/provenance/v1" {
		return fmt.Errorf("predicateType is %q", statement.GetPredicateType())
	}
	text, err := protojson.Marshal(statement.GetPredicate())
	if err != nil {
		return fmt.Errorf("predicate: %w", err)
	}
	var predicate provenance.Provenance
	if err := protojson.Unmarshal(text, &predicate); err != nil {
		return fmt.Errorf("predicate: %w", err)
	}
	if err := predicate.Validate(); err != nil {
		return fmt.Errorf("predicate: %w", err)
	}
	return nil
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if err := validate(lines.Bytes()); err != nil {
			fmt.Println(err)
		} else {
			fmt.Println("ok")
		}
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
