"""Refuses Kubernetes workloads whose images this program did not verify. Copy it into your program."""

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pulumi
from pulumi import Output
from pulumi.runtime import register_resource_transform

WORKLOAD = re.compile(
    r"kubernetes:(?:core/v1:(?:Pod|PodTemplate|ReplicationController)"
    r"|apps/v1:(?:Deployment|StatefulSet|DaemonSet|ReplicaSet)"
    r"|batch/v1:(?:Job|CronJob))(?:Patch|List)?$"
)


class ImageNotVerifiedError(Exception):
    """An image of a workload is not one that the program verified."""


async def _value(value: Any) -> Any:
    """The value of an output; `None` if a preview does not know it yet: it is checked in the update."""
    return await value.future() if isinstance(value, Output) else value


async def _images(value: Any, path: str, key: str = "") -> AsyncIterator[tuple[str, str]]:
    """All texts that are named `image`, and references of image volumes."""
    value = await _value(value)
    if isinstance(value, str) and (key == "image" or path.endswith(".image.reference")):
        yield path, value
    elif isinstance(value, Mapping):
        for name, member in value.items():
            async for found in _images(member, f"{path}.{name}" if path else str(name), str(name)):
                yield found
    elif isinstance(value, (list, tuple)):
        for index, member in enumerate(value):
            async for found in _images(member, f"{path}[{index}]"):
                yield found


class VerifiedImages:
    """Checks the workloads that are registered from here on: create it before other resources."""

    def __init__(self) -> None:
        self._references: list[pulumi.Input[str]] = []
        register_resource_transform(self._check)

    def add(self, *references: pulumi.Input[str]) -> None:
        """Admits the `image_ref` of a `SignedImage` or `VerifiedImage`. Call it before the workload is declared."""
        self._references.extend(references)

    async def _check(self, args: pulumi.ResourceTransformArgs) -> None:
        if not WORKLOAD.match(args.type_):
            return
        verified = [await _value(reference) for reference in self._references]
        faults = [
            f"{path}: {image}"
            async for path, image in _images(args.props, "")
            if image not in verified
        ]
        # In a preview the reference may be unknown, and then the image of the workload is too.
        if faults:
            raise ImageNotVerifiedError(
                f"{args.name}: not verified by this program: {', '.join(faults)}"
            )
