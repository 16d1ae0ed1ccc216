// Deploys an image only if it verifies, and refuses workloads with other images.
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

		// Before other resources: those that were registered before are not checked.
		verified, err := RequireVerifiedImages(ctx)
		if err != nil {
			return err
		}

		image, err := signedimage.NewVerifiedImage(ctx, "checked", &signedimage.VerifiedImageArgs{
			Image: pulumi.String(settings.Require("image")),
			Keys:  pulumi.StringArray{pulumi.String(settings.Require("publicKey"))},
		})
		if err != nil {
			return err
		}
		verified.Add(image.ImageRef)

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
