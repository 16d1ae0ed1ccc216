package main

import "github.com/distribution/reference"

type referenceRequest struct {
	Text string `json:"text"`
}

type referenceResponse struct {
	Domain string `json:"domain"`
	Path   string `json:"path"`
	Tag    string `json:"tag"`
	Digest string `json:"digest"`
	Error  string `json:"error,omitempty"`
}

// parsed reads an image reference as docker does, without a default tag.
func parsed(input referenceRequest) referenceResponse {
	named, err := reference.ParseNormalizedNamed(input.Text)
	if err != nil {
		return referenceResponse{Error: err.Error()}
	}
	answer := referenceResponse{Domain: reference.Domain(named), Path: reference.Path(named)}
	if tagged, ok := named.(reference.Tagged); ok {
		answer.Tag = tagged.Tag()
	}
	if digested, ok := named.(reference.Digested); ok {
		answer.Digest = digested.Digest().String()
	}
	return answer
}
