// Parses ignore files, Dockerfiles and image references with the packages of docker and BuildKit.
// Reads one JSON object per line from standard input, and prints one JSON object per line for each, in
// the same order. The requests and responses are in `ignore.go`, `dockerfile.go` and `reference.go`.
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
		var input request
		if err := decoder.Decode(&input); err != nil {
			return err
		}
		answer, err := respond(input)
		if err != nil {
			return err
		}
		if err := encoder.Encode(answer); err != nil {
			return err
		}
	}
	return nil
}

func respond(input request) (any, error) {
	switch {
	case input.Ignore != nil:
		return sent(*input.Ignore), nil
	case input.Dockerfile != nil:
		return pulled(*input.Dockerfile), nil
	case input.Word != nil:
		return expanded(*input.Word), nil
	case input.Reference != nil:
		return parsed(*input.Reference), nil
	}
	return nil, fmt.Errorf("the request is empty")
}
