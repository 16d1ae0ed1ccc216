// Builds, signs and verifies an image, and deploys it by the verified digest.
package main

import (
	"github.com/pulumi-signed-image/pulumi-signed-image/sdk/go/signedimage"
	appsv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/apps/v1"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		settings := config.New(ctx, "")

		image, err := signedimage.NewSignedImage(ctx, "hello", &signedimage.SignedImageArgs{
			Image: pulumi.String(settings.Require("image")),
			Build: &signedimage.BuildArgs{Context: pulumi.String("./app")},
			Key: &signedimage.KeyArgs{
				Ref:      pulumi.String(settings.Require("key")),
				Password: settings.GetSecret("keyPassword"),
			},
			Source: &signedimage.SourceArgs{AllowDirty: pulumi.Bool(settings.GetBool("allowDirty"))},
		})
		if err != nil {
			return err
		}

		labels := pulumi.StringMap{"app": pulumi.String("hello")}
		_, err = appsv1.NewDeployment(ctx, "hello", &appsv1.DeploymentArgs{
			Metadata: &metav1.ObjectMetaArgs{Name: pulumi.String("hello"), Labels: labels},
			Spec: &appsv1.DeploymentSpecArgs{
				Selector: &metav1.LabelSelectorArgs{MatchLabels: labels},
				Template: &corev1.PodTemplateSpecArgs{
					Metadata: &metav1.ObjectMetaArgs{Labels: labels},
					Spec: &corev1.PodSpecArgs{
						Containers: corev1.ContainerArray{
							// The only image reference: it is available only after a successful verification.
							&corev1.ContainerArgs{Name: pulumi.String("hello"), Image: image.ImageRef},
						},
					},
				},
			},
		})
		if err != nil {
			return err
		}

		ctx.Export("imageRef", image.ImageRef)
		ctx.Export("digest", image.Digest)
		return nil
	})
}
