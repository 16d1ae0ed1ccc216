package main

import (
	"bytes"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// Bytes are base64 in JSON, so that names and patterns that are not UTF-8 arrive as they are.
type ignoreRequest struct {
	File  []byte   `json:"file"`
	Paths [][]byte `json:"paths"`
}

type ignoreResponse struct {
	// Patterns as the ignore file is read, before they are compiled.
	Patterns []string `json:"patterns"`
	// Ignored holds an answer for each path.
	Ignored []bool `json:"ignored"`
	Error   string `json:"error,omitempty"`
}

func ignored(asked ignoreRequest) ignoreResponse {
	patterns, err := ignorefile.ReadAll(bytes.NewReader(asked.File))
	if err != nil {
		return ignoreResponse{Error: err.Error()}
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return ignoreResponse{Patterns: patterns, Error: err.Error()}
	}
	answers := make([]bool, len(asked.Paths))
	for i, path := range asked.Paths {
		matches, err := matcher.MatchesOrParentMatches(string(path))
		if err != nil {
			return ignoreResponse{Patterns: patterns, Error: err.Error()}
		}
		answers[i] = matches
	}
	return ignoreResponse{Patterns: patterns, Ignored: answers}
}
