// Signs an image that another tool has built, and verifies it.
package main

import (
	"github.com/pulumi-signed-image/pulumi-signed-image/sdk/go/signedimage"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		settings := config.New(ctx, "")

		// Without `Build`, because the image exists. Existing signatures, by any signer, are kept.
		image, err := signedimage.NewSignedImage(ctx, "existing", &signedimage.SignedImageArgs{
			Image: pulumi.String(settings.Require("image")),
			Key: &signedimage.KeyArgs{
				Ref:      pulumi.String(settings.Require("key")),
				Password: settings.GetSecret("keyPassword"),
			},
		})
		if err != nil {
			return err
		}

		// What a consumer of the image does: the digest is an output only if the signature of this key is valid.
		checked, err := signedimage.NewVerifiedImage(ctx, "checked", &signedimage.VerifiedImageArgs{
			Image: image.ImageRef,
			Keys:  pulumi.StringArray{pulumi.String(settings.Require("publicKey"))},
		})
		if err != nil {
			return err
		}

		ctx.Export("imageRef", image.ImageRef)
		ctx.Export("digest", checked.Digest)
		return nil
	})
}
