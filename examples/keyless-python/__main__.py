"""Signs an existing image with an identity: that of the CI job, or of a token in a file."""

import pulumi
import pulumi_signed_image as signed_image

config = pulumi.Config()

# Only for your own Sigstore instance. Default: the public one.
fulcio_url = config.get("fulcioUrl")
private = fulcio_url is not None

image = signed_image.SignedImage(
    "existing",
    image=config.require("image"),
    keyless=signed_image.KeylessArgs(token_file=config.get("tokenFile")),
    sigstore=signed_image.SigstoreArgs(
        fulcio_url=fulcio_url,
        rekor_url=config.get("rekorUrl"),
        trusted_root=config.get("trustedRoot"),
    ) if private else None,
    transparency=signed_image.Transparency.PRIVATE if private else None,
)

pulumi.export("imageRef", image.image_ref)
pulumi.export("digest", image.digest)
pulumi.export("signer", image.signer)
