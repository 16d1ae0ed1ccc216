"""Deploys an image only if it verifies, and refuses workloads with other images."""

import pulumi
import pulumi_kubernetes as kubernetes
import pulumi_signed_image as signed_image
from verified_images import VerifiedImages

# Before other resources: those that were registered before are not checked.
verified_images = VerifiedImages()

config = pulumi.Config()

image = signed_image.VerifiedImage(
    "checked",
    image=config.require("image"),
    keys=[config.require("publicKey")],
)
verified_images.add(image.image_ref)

labels = {"app": "hello"}
kubernetes.apps.v1.Deployment(
    "hello",
    metadata=kubernetes.meta.v1.ObjectMetaArgs(name="hello", labels=labels),
    spec=kubernetes.apps.v1.DeploymentSpecArgs(
        selector=kubernetes.meta.v1.LabelSelectorArgs(match_labels=labels),
        template=kubernetes.core.v1.PodTemplateSpecArgs(
            metadata=kubernetes.meta.v1.ObjectMetaArgs(labels=labels),
            spec=kubernetes.core.v1.PodSpecArgs(
                # The only image reference: it is available only after a successful verification.
                containers=[kubernetes.core.v1.ContainerArgs(name="hello", image=image.image_ref)],
            ),
        ),
    ),
)

pulumi.export("imageRef", image.image_ref)
pulumi.export("digest", image.digest)
