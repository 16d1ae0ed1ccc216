package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"path"
	"sort"
	"strings"

	"github.com/pulumi/pulumi-java/pkg/codegen/java"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// As in the generated build.gradle.
const javaVersion = "11"

type mavenDependency struct {
	GroupID    string `xml:"groupId"`
	ArtifactID string `xml:"artifactId"`
	Version    string `xml:"version"`
}

type mavenProject struct {
	XMLName      xml.Name `xml:"http://maven.apache.org/POM/4.0.0 project"`
	ModelVersion string   `xml:"modelVersion"`
	mavenDependency
	Name         string            `xml:"name"`
	Description  string            `xml:"description"`
	URL          string            `xml:"url"`
	Source       string            `xml:"properties>maven.compiler.source"`
	Target       string            `xml:"properties>maven.compiler.target"`
	Encoding     string            `xml:"properties>project.build.sourceEncoding"`
	Dependencies []mavenDependency `xml:"dependencies>dependency"`
}

func dependencies(versions map[string]string) []mavenDependency {
	var found []mavenDependency
	for name, version := range versions {
		group, artifact, _ := strings.Cut(name, ":")
		found = append(found, mavenDependency{group, artifact, version})
	}
	sort.Slice(found, func(a, b int) bool { return found[a].ArtifactID < found[b].ArtifactID })
	return found
}

// Adds a pom.xml, so that the SDK is also built by Maven, and the resources that the classes read at run time, which
// the generated build.gradle writes while it builds.
func addMaven(pkg *schema.Package, content files) error {
	info, known := pkg.Language["java"].(*java.PackageInfo)
	if !known {
		return fmt.Errorf("the schema has no settings for Java")
	}
	version := pkg.Version.String()
	pom, err := xml.MarshalIndent(mavenProject{
		ModelVersion:    "4.0.0",
		mavenDependency: mavenDependency{info.BasePackage, pkg.Name, version},
		Name:            pkg.DisplayName,
		Description:     pkg.Description,
		URL:             pkg.Homepage,
		Source:          javaVersion,
		Target:          javaVersion,
		Encoding:        "UTF-8",
		Dependencies:    dependencies(info.Dependencies),
	}, "", "  ")
	if err != nil {
		return err
	}
	plugin, err := json.MarshalIndent(map[string]any{
		"resource": true,
		"name":     pkg.Name,
		"server":   pkg.PluginDownloadURL,
		"version":  version,
	}, "", "  ")
	if err != nil {
		return err
	}
	resources := path.Join("src/main/resources", strings.ReplaceAll(info.BasePackage, ".", "/"), pkg.Name)
	content["pom.xml"] = append(pom, '\n')
	content[path.Join(resources, "version.txt")] = []byte(version)
	content[path.Join(resources, "plugin.json")] = append(plugin, '\n')
	return nil
}
