package main

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

type dockerfileRequest struct {
	Text     []byte            `json:"text"`
	Args     map[string]string `json:"args"`
	Target   string            `json:"target"`
	Platform string            `json:"platform"`
	// Build is the platform of the builder.
	Build string `json:"build"`
	// Names are image names to normalize.
	Names []string `json:"names"`
}

type stage struct {
	Name     string `json:"name"`
	Base     string `json:"base"`
	Platform string `json:"platform"`
}

type dockerfileResponse struct {
	// Stages as they are written, before variables are replaced.
	Stages []stage `json:"stages"`
	// Images that BuildKit resolved with its registry client.
	Images []string `json:"images"`
	Error  string   `json:"error,omitempty"`
	// Syntax is the frontend image in the file's syntax directive.
	Syntax string `json:"syntax"`
	// Names of the request, normalized; empty for an invalid reference.
	Names []string `json:"names"`
}

// recorder is a registry client for BuildKit: every image exists and is empty.
type recorder struct {
	lock     sync.Mutex
	resolved []string
}

func (r *recorder) ResolveImageConfig(_ context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.resolved = append(r.resolved, ref)
	image := ocispecs.Image{Platform: ocispecs.Platform{OS: "linux", Architecture: "amd64"}}
	if opt.ImageOpt != nil && opt.ImageOpt.Platform != nil {
		image.Platform = *opt.ImageOpt.Platform
	}
	image.RootFS = ocispecs.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromString("layer")}}
	config, err := json.Marshal(image)
	return ref, "", config, err
}

func pulled(input dockerfileRequest) dockerfileResponse {
	answer := dockerfileResponse{Stages: []stage{}, Images: []string{}, Names: []string{}}
	for _, name := range input.Names {
		answer.Names = append(answer.Names, normalized(name))
	}
	if list, err := dockerfile2llb.ListTargets(context.Background(), input.Text); err == nil {
		for _, target := range list.Targets {
			answer.Stages = append(answer.Stages, stage{target.Name, target.Base, target.Platform})
		}
	}
	answer.Syntax, _, _, _ = parser.DetectSyntax(input.Text)
	client := &recorder{}
	capabilities := pb.Caps.CapSet(pb.Caps.All())
	options := dockerfile2llb.ConvertOpt{
		Config:       dockerui.Config{BuildArgs: input.Args, Target: input.Target},
		MetaResolver: client,
		LLBCaps:      &capabilities,
	}
	if input.Build != "" {
		build, err := platforms.Parse(input.Build)
		if err != nil {
			answer.Error = err.Error()
			return answer
		}
		options.BuildPlatforms = []ocispecs.Platform{build}
	}
	if input.Platform != "" {
		target, err := platforms.Parse(input.Platform)
		if err != nil {
			answer.Error = err.Error()
			return answer
		}
		// As the frontend does with the requested platform.
		target = platforms.Normalize(target)
		options.TargetPlatform = &target
	}
	_, _, _, _, err := dockerfile2llb.Dockerfile2LLB(context.Background(), input.Text, options)
	if err != nil {
		answer.Error = err.Error()
	}
	answer.Images = append(answer.Images, client.resolved...)
	return answer
}

func normalized(name string) string {
	ref, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return ""
	}
	return reference.TagNameOnly(ref).String()
}

type wordRequest struct {
	Text   string            `json:"text"`
	Env    map[string]string `json:"env"`
	Escape string            `json:"escape"`
}

type wordResponse struct {
	Value string `json:"value"`
	Error string `json:"error,omitempty"`
}

type environment map[string]string

func (e environment) Get(name string) (string, bool) {
	value, set := e[name]
	return value, set
}

func (e environment) Keys() []string { return nil }

func expanded(input wordRequest) wordResponse {
	lex := shell.NewLex([]rune(input.Escape)[0])
	value, _, err := lex.ProcessWord(input.Text, environment(input.Env))
	if err != nil {
		return wordResponse{Error: err.Error()}
	}
	return wordResponse{Value: value}
}
