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
	// Names are image names to bring into the form that the answer has.
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
	// Images that BuildKit asked its registry client for.
	Images []string `json:"images"`
	Error  string   `json:"error,omitempty"`
	// Syntax is the frontend image that the file names.
	Syntax string `json:"syntax"`
	// Names of the request, normalized; empty for one that is not a reference.
	Names []string `json:"names"`
}

// recorder is the registry client that BuildKit is given: every image exists and is empty.
type recorder struct {
	lock  sync.Mutex
	asked []string
}

func (r *recorder) ResolveImageConfig(_ context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.asked = append(r.asked, ref)
	image := ocispecs.Image{Platform: ocispecs.Platform{OS: "linux", Architecture: "amd64"}}
	if opt.ImageOpt != nil && opt.ImageOpt.Platform != nil {
		image.Platform = *opt.ImageOpt.Platform
	}
	image.RootFS = ocispecs.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromString("layer")}}
	config, err := json.Marshal(image)
	return ref, "", config, err
}

func pulled(asked dockerfileRequest) dockerfileResponse {
	answer := dockerfileResponse{Stages: []stage{}, Images: []string{}, Names: []string{}}
	for _, name := range asked.Names {
		answer.Names = append(answer.Names, normalized(name))
	}
	if list, err := dockerfile2llb.ListTargets(context.Background(), asked.Text); err == nil {
		for _, target := range list.Targets {
			answer.Stages = append(answer.Stages, stage{target.Name, target.Base, target.Platform})
		}
	}
	answer.Syntax, _, _, _ = parser.DetectSyntax(asked.Text)
	client := &recorder{}
	capabilities := pb.Caps.CapSet(pb.Caps.All())
	options := dockerfile2llb.ConvertOpt{
		Config:       dockerui.Config{BuildArgs: asked.Args, Target: asked.Target},
		MetaResolver: client,
		LLBCaps:      &capabilities,
	}
	if asked.Build != "" {
		build, err := platforms.Parse(asked.Build)
		if err != nil {
			answer.Error = err.Error()
			return answer
		}
		options.BuildPlatforms = []ocispecs.Platform{build}
	}
	if asked.Platform != "" {
		target, err := platforms.Parse(asked.Platform)
		if err != nil {
			answer.Error = err.Error()
			return answer
		}
		// As the frontend does with what it is asked for.
		target = platforms.Normalize(target)
		options.TargetPlatform = &target
	}
	_, _, _, _, err := dockerfile2llb.Dockerfile2LLB(context.Background(), asked.Text, options)
	if err != nil {
		answer.Error = err.Error()
	}
	answer.Images = append(answer.Images, client.asked...)
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

func expanded(asked wordRequest) wordResponse {
	lex := shell.NewLex([]rune(asked.Escape)[0])
	value, _, err := lex.ProcessWord(asked.Text, environment(asked.Env))
	if err != nil {
		return wordResponse{Error: err.Error()}
	}
	return wordResponse{Value: value}
}
