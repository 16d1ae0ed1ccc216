"""Deploys an image that another party signed, only if it verifies."""

import pulumi
import pulumi_kubernetes as kubernetes
import pulumi_signed_image as signed_image

config = pulumi.Config()

image = signed_image.VerifiedImage(
    "checked",
    image=config.require("image"),
    keys=[config.require("publicKey")],
)

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
