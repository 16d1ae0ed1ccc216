// Signs an existing image with an identity: that of the CI job, or of a token in a file.
package main

import (
	"github.com/pulumi-signed-image/pulumi-signed-image/sdk/go/signedimage"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		settings := config.New(ctx, "")
		args := &signedimage.SignedImageArgs{
			Image:   pulumi.String(settings.Require("image")),
			Keyless: &signedimage.KeylessArgs{},
		}
		if file := settings.Get("tokenFile"); file != "" {
			args.Keyless.TokenFile = pulumi.String(file)
		}
		// Only for your own Sigstore instance. Default: the public one.
		if fulcio := settings.Get("fulcioUrl"); fulcio != "" {
			args.Transparency = signedimage.TransparencyPrivate
			args.Sigstore = &signedimage.SigstoreArgs{
				FulcioUrl:   pulumi.String(fulcio),
				RekorUrl:    pulumi.String(settings.Require("rekorUrl")),
				TrustedRoot: pulumi.String(settings.Require("trustedRoot")),
			}
		}

		image, err := signedimage.NewSignedImage(ctx, "existing", args)
		if err != nil {
			return err
		}

		ctx.Export("imageRef", image.ImageRef)
		ctx.Export("digest", image.Digest)
		ctx.Export("signer", image.Signer)
		return nil
	})
}
