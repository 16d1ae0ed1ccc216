"""Signs an image that another tool has built, and verifies it."""

import pulumi
import pulumi_signed_image as signed_image

config = pulumi.Config()

# Without `build`, because the image exists. Existing signatures, by any signer, are kept.
image = signed_image.SignedImage(
    "existing",
    image=config.require("image"),
    key=signed_image.KeyArgs(
        ref=config.require("key"),
        password=config.get_secret("keyPassword"),
    ),
)

# What a consumer of the image does: the digest is an output only if the signature of this key is valid.
checked = signed_image.VerifiedImage(
    "checked",
    image=image.image_ref,
    keys=[config.require("publicKey")],
)

pulumi.export("imageRef", image.image_ref)
pulumi.export("digest", checked.digest)
