// Generates the SDKs of a package schema with Pulumi's own code generators:
// generate <schema.json> <output folder> [language...]. Writes one folder per language and removes its former
// content. `generate check <schema.json>` only validates the schema. The Pulumi CLI does the same in `pulumi package gen-sdk`, by its language plugins.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi-java/pkg/codegen/java"
	"github.com/pulumi/pulumi/pkg/v3/codegen/dotnet"
	gogen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// The name of the generator in the first line of each generated file.
const tool = "pulumi-signed-image"

var generators = map[string]func(*schema.Package) (files, error){
	"nodejs": func(pkg *schema.Package) (files, error) {
		return nodejs.GeneratePackage(tool, pkg, nil, nil, false, nil)
	},
	"python": func(pkg *schema.Package) (files, error) {
		return python.GeneratePackage(tool, pkg, nil, nil)
	},
	"go": func(pkg *schema.Package) (files, error) {
		return gogen.GeneratePackage(tool, pkg, nil)
	},
	"dotnet": func(pkg *schema.Package) (files, error) {
		closeIcon, err := withIcon(pkg)
		if err != nil {
			return nil, err
		}
		defer closeIcon()
		return dotnet.GeneratePackage(tool, pkg, nil, nil)
	},
	"java": func(pkg *schema.Package) (files, error) {
		content, err := java.GeneratePackage(tool, pkg, nil, nil, false, false)
		if err != nil {
			return nil, err
		}
		return content, addMaven(pkg, content)
	},
}

func languages(given []string) []string {
	if len(given) > 0 {
		return given
	}
	var all []string
	for language := range generators {
		all = append(all, language)
	}
	sort.Strings(all)
	return all
}

// The schema refers to no other package. The default loader would start plugins of the project around the working
// directory.
type noPackages struct{}

func (noPackages) LoadPackage(name string, _ *semver.Version) (*schema.Package, error) {
	return nil, fmt.Errorf("the schema refers to the package %s", name)
}

func (noPackages) LoadPackageV2(_ context.Context, other *schema.PackageDescriptor) (*schema.Package, error) {
	return nil, fmt.Errorf("the schema refers to the package %s", other.Name)
}

// Each generator changes the package that it gets, so that each one gets its own.
func bind(path string) (*schema.Package, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	pkg, diagnostics, err := schema.BindSpec(spec, noPackages{}, schema.ValidationOptions{})
	if err != nil {
		return nil, err
	}
	if diagnostics.HasErrors() {
		return nil, diagnostics
	}
	return pkg, nil
}

// Validates the text itself against the metaschema: what the specification has no field for is lost when it is bound.
func check(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var spec schema.PackageSpec
	if err := decoder.Decode(&spec); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	var raw any
	if err := json.Unmarshal(text, &raw); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := schema.MetaSchema.Validate(raw); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	_, err = bind(path)
	return err
}

func run(args []string) error {
	if len(args) == 2 && args[0] == "check" {
		return check(args[1])
	}
	if len(args) < 2 {
		return fmt.Errorf("usage: generate <schema.json> <output folder> [language...]")
	}
	for _, language := range languages(args[2:]) {
		generate, known := generators[language]
		if !known {
			return fmt.Errorf("unknown language %s: use one of %v", language, languages(nil))
		}
		pkg, err := bind(args[0])
		if err != nil {
			return err
		}
		version := pkg.Version.String()
		content, err := generate(pkg)
		if err != nil {
			return fmt.Errorf("%s: %w", language, err)
		}
		content = complete(language, version, content)
		if err := write(filepath.Join(args[1], language), content); err != nil {
			return err
		}
		fmt.Printf("%s: %d files\n", language, len(content))
	}
	return nil
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
