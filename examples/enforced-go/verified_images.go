package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

var workload = regexp.MustCompile(`^kubernetes:(?:core/v1:(?:Pod|PodTemplate|ReplicationController)` +
	`|apps/v1:(?:Deployment|StatefulSet|DaemonSet|ReplicaSet)` +
	`|batch/v1:(?:Job|CronJob))(?:Patch|List)?$`)

// VerifiedImages refuses Kubernetes workloads whose images the program did not verify. Copy it into your program.
type VerifiedImages struct {
	lock       sync.Mutex
	references pulumi.StringArray
}

// RequireVerifiedImages checks the workloads that are registered from here on: call it before other resources.
func RequireVerifiedImages(ctx *pulumi.Context) (*VerifiedImages, error) {
	verified := &VerifiedImages{}
	return verified, ctx.RegisterResourceTransform(verified.check)
}

// Add admits the ImageRef of a SignedImage or VerifiedImage. Call it before the workload is declared.
func (v *VerifiedImages) Add(references ...pulumi.StringInput) {
	v.lock.Lock()
	defer v.lock.Unlock()
	v.references = append(v.references, references...)
}

// A transform cannot return an error: an image becomes an output that fails unless it is verified.
func (v *VerifiedImages) check(
	_ context.Context, args *pulumi.ResourceTransformArgs,
) *pulumi.ResourceTransformResult {
	if !workload.MatchString(args.Type) {
		return nil
	}
	v.lock.Lock()
	verified := slices.Clone(v.references).ToStringArrayOutput()
	v.lock.Unlock()
	props := pulumi.Map{}
	for name, value := range args.Props {
		props[name] = checked(value, args.Name, name, verified)
	}
	return &pulumi.ResourceTransformResult{Props: props, Opts: args.Opts}
}

// checked copies a value; what is known only later is checked when it is known.
func checked(value pulumi.Input, resource, path string, verified pulumi.StringArrayOutput) pulumi.Input {
	switch value := value.(type) {
	case pulumi.Map:
		members := pulumi.Map{}
		for name, member := range value {
			members[name] = checked(member, resource, path+"."+name, verified)
		}
		return members
	case pulumi.Array:
		members := make(pulumi.Array, len(value))
		for index, member := range value {
			members[index] = checked(member, resource, fmt.Sprintf("%s[%d]", path, index), verified)
		}
		return members
	case pulumi.String:
		if !isImage(path) {
			return value
		}
		return verifiedOnly(value, resource, path, verified)
	case pulumi.Output:
		return verifiedOnly(value, resource, path, verified)
	default:
		return value
	}
}

func verifiedOnly(value pulumi.Input, resource, path string, verified pulumi.StringArrayOutput) pulumi.Input {
	return pulumi.All(value, verified).ApplyT(func(all []any) (any, error) {
		references, _ := all[1].([]string)
		if faults := faultsIn(all[0], path, references); len(faults) > 0 {
			return nil, fmt.Errorf("%s: not verified by this program: %s", resource, strings.Join(faults, ", "))
		}
		return all[0], nil
	})
}

func faultsIn(value any, path string, verified []string) []string {
	var faults []string
	switch value := value.(type) {
	case string:
		if isImage(path) && !slices.Contains(verified, value) {
			faults = append(faults, path+": "+value)
		}
	case map[string]any:
		for name, member := range value {
			faults = append(faults, faultsIn(member, path+"."+name, verified)...)
		}
	case []any:
		for index, member := range value {
			faults = append(faults, faultsIn(member, fmt.Sprintf("%s[%d]", path, index), verified)...)
		}
	}
	return faults
}

// isImage is true for a text that is named image, and for the reference of an image volume.
func isImage(path string) bool {
	return strings.HasSuffix(path, ".image") || strings.HasSuffix(path, ".image.reference")
}
