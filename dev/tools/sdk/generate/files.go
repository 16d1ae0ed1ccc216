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

// The folder of the Go module, as in its import path: its tags are `sdk/go/signedimage/v...`.
const goFolder = "signedimage"

// Adds what Pulumi's generators leave to the build of a package: folder and go.mod of the Go module, the README that
// pyproject.toml names, and the version of the NuGet package.
func complete(language, version string, content files) files {
	switch language {
	case "go":
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
