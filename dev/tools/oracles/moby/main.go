// Answers questions about ignore files, Dockerfiles and image references with the packages that
// docker and BuildKit use themselves. Reads one JSON object a line from standard input, and prints
// one JSON object a line for each, in the same order. What is answered is in `ignore.go`,
// `dockerfile.go` and `reference.go`.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

type request struct {
	Ignore     *ignoreRequest     `json:"ignore"`
	Dockerfile *dockerfileRequest `json:"dockerfile"`
	Word       *wordRequest       `json:"word"`
	Reference  *referenceRequest  `json:"reference"`
}

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "moby:", err)
		os.Exit(1)
	}
}

func serve() error {
	decoder := json.NewDecoder(bufio.NewReaderSize(os.Stdin, 1<<20))
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for decoder.More() {
		var asked request
		if err := decoder.Decode(&asked); err != nil {
			return err
		}
		answer, err := respond(asked)
		if err != nil {
			return err
		}
		if err := encoder.Encode(answer); err != nil {
			return err
		}
	}
	return nil
}

func respond(asked request) (any, error) {
	switch {
	case asked.Ignore != nil:
		return sent(*asked.Ignore), nil
	case asked.Dockerfile != nil:
		return pulled(*asked.Dockerfile), nil
	case asked.Word != nil:
		return expanded(*asked.Word), nil
	case asked.Reference != nil:
		return parsed(*asked.Reference), nil
	}
	return nil, fmt.Errorf("a request without a question")
}
