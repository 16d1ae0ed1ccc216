package main

import (
	"bytes"
	"context"
	"io/fs"

	"github.com/moby/patternmatcher/ignorefile"
	"github.com/tonistiigi/fsutil"
)

type ignoreRequest struct {
	// File is the ignore file, Root the folder of the context.
	File []byte `json:"file"`
	Root string `json:"root"`
}

type ignoreResponse struct {
	// Sent has every path that buildx sends to BuildKit. Bytes are base64 in JSON, so that names
	// that are not UTF-8 are preserved.
	Sent  [][]byte `json:"sent"`
	Error string   `json:"error,omitempty"`
}

// sent lists a context as buildx sends it: by the same package, which filters with patternmatcher.
func sent(input ignoreRequest) ignoreResponse {
	answer := ignoreResponse{Sent: [][]byte{}}
	patterns, err := ignorefile.ReadAll(bytes.NewReader(input.File))
	if err == nil {
		options := &fsutil.FilterOpt{ExcludePatterns: patterns}
		err = fsutil.WalkDir(context.Background(), input.Root, options,
			func(path string, _ fs.DirEntry, err error) error {
				if err == nil {
					answer.Sent = append(answer.Sent, []byte(path))
				}
				return err
			})
	}
	if err != nil {
		answer.Error = err.Error()
	}
	return answer
}
