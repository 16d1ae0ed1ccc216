// Builds, signs and verifies an image, and deploys it by the verified digest.
using System.Collections.Generic;
using Pulumi;
using Pulumi.Kubernetes.Types.Inputs.Apps.V1;
using Pulumi.Kubernetes.Types.Inputs.Core.V1;
using Pulumi.Kubernetes.Types.Inputs.Meta.V1;
using PulumiSignedImage.SignedImage;
using PulumiSignedImage.SignedImage.Inputs;

return await Pulumi.Deployment.RunAsync(() =>
{
    var config = new Pulumi.Config();

    var image = new SignedImage("hello", new SignedImageArgs
    {
        Image = config.Require("image"),
        Build = new BuildArgs { Context = "./app" },
        Key = new KeyArgs { Ref = config.Require("key"), Password = config.RequireSecret("keyPassword") },
        Source = new SourceArgs { AllowDirty = config.GetBoolean("allowDirty") ?? false },
    });

    var labels = new InputMap<string> { { "app", "hello" } };
    _ = new Pulumi.Kubernetes.Apps.V1.Deployment("hello", new DeploymentArgs
    {
        Metadata = new ObjectMetaArgs { Name = "hello", Labels = labels },
        Spec = new DeploymentSpecArgs
        {
            Selector = new LabelSelectorArgs { MatchLabels = labels },
            Template = new PodTemplateSpecArgs
            {
                Metadata = new ObjectMetaArgs { Labels = labels },
                Spec = new PodSpecArgs
                {
                    Containers =
                    {
                        // The only image reference: it is available only after a successful verification.
                        new ContainerArgs { Name = "hello", Image = image.ImageRef },
                    },
                },
            },
        },
    });

    return new Dictionary<string, object?> { ["imageRef"] = image.ImageRef, ["digest"] = image.Digest };
});
