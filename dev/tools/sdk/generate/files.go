package main

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

type files = map[string][]byte

// The version of Pulumi's Go SDK that the generated module requires at least.
const goSDK = "v3.165.0"

// The folder of the Go module, as in its import path: its tags are `sdk/go/signedimage/v...`.
const goFolder = "signedimage"

// Adds what Pulumi's generators leave to the build of a package: folder and go.mod of the Go module, the README that
// pyproject.toml names, and the version of the NuGet package.
func complete(language, version string, content files) files {
	switch language {
	case "go":
		withPlainTypes(content)
		module := files{path.Join(goFolder, "go.mod"): []byte(goModule())}
		for name, text := range content {
			module[path.Join(goFolder, name)] = text
		}
		return module
	case "python":
		for name, text := range content {
			if strings.Count(name, "/") == 1 && path.Base(name) == "README.md" {
				content["README.md"] = text
			}
		}
	case "dotnet":
		content["version.txt"] = []byte(version + "\n")
	}
	return content
}

func goModule() string {
	return strings.Join([]string{
		"module github.com/pulumi-signed-image/pulumi-signed-image/sdk/go/" + goFolder,
		"",
		"go 1.25.0",
		"",
		"require github.com/pulumi/pulumi/sdk/v3 " + goSDK,
		"",
	}, "\n")
}

func write(folder string, content files) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	for name, text := range content {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

var (
	goStruct = regexp.MustCompile(`(?m)^type (\w+) struct`)
	goArgs   = regexp.MustCompile(`\b([A-Z]\w*)Args\b`)
)

// Pulumi's generator names a type `...Args` that it does not declare where an input is an array of objects and plain
// (a value, not an output): the type itself is what such an input has.
func withPlainTypes(content files) {
	declared := map[string]bool{}
	for _, text := range content {
		for _, match := range goStruct.FindAllSubmatch(text, -1) {
			declared[string(match[1])] = true
		}
	}
	for path, text := range content {
		content[path] = goArgs.ReplaceAllFunc(text, func(name []byte) []byte {
			plain := name[:len(name)-len("Args")]
			if declared[string(plain)] && !declared[string(name)] {
				return plain
			}
			return name
		})
	}
}
