package main

import (
	"os"
	"path"
	"path/filepath"
	"strings"
)

type files = map[string][]byte

// The version of Pulumi's Go SDK that the generated module requires at least.
const goSDK = "v3.165.0"

// Adds what Pulumi's generators leave to the build of a package: the go.mod of the Go module, the README that
// pyproject.toml names, and the version of the NuGet package.
func complete(language, version string, content files) {
	switch language {
	case "go":
		for name := range content {
			if path.Base(name) == "pulumi-plugin.json" {
				content[path.Join(path.Dir(name), "go.mod")] = []byte(goModule(path.Dir(name)))
			}
		}
	case "python":
		for name, text := range content {
			if path.Base(name) == "README.md" {
				content["README.md"] = text
			}
		}
	case "dotnet":
		content["version.txt"] = []byte(version + "\n")
	}
}

func goModule(folder string) string {
	return strings.Join([]string{
		"module github.com/pulumi-signed-image/pulumi-signed-image/sdk/go/" + folder,
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
