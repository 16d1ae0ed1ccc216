package demo;

import com.pulumi.Context;
import com.pulumi.Pulumi;
import com.pulumi.kubernetes.apps.v1.Deployment;
import com.pulumi.kubernetes.apps.v1.DeploymentArgs;
import com.pulumi.kubernetes.apps.v1.inputs.DeploymentSpecArgs;
import com.pulumi.kubernetes.core.v1.inputs.ContainerArgs;
import com.pulumi.kubernetes.core.v1.inputs.PodSpecArgs;
import com.pulumi.kubernetes.core.v1.inputs.PodTemplateSpecArgs;
import com.pulumi.kubernetes.meta.v1.inputs.LabelSelectorArgs;
import com.pulumi.kubernetes.meta.v1.inputs.ObjectMetaArgs;
import io.github.pulumisignedimage.signedimage.SignedImage;
import io.github.pulumisignedimage.signedimage.SignedImageArgs;
import io.github.pulumisignedimage.signedimage.inputs.BuildArgs;
import io.github.pulumisignedimage.signedimage.inputs.KeyArgs;
import io.github.pulumisignedimage.signedimage.inputs.SourceArgs;
import java.util.Map;

/** Builds, signs and verifies an image, and deploys it by the verified digest. */
public final class App {
    public static void main(String[] args) {
        Pulumi.run(App::stack);
    }

    private static void stack(Context ctx) {
        var config = ctx.config();

        var image = new SignedImage("hello", SignedImageArgs.builder()
            .image(config.require("image"))
            .build(BuildArgs.builder().context("./app").build())
            .key(KeyArgs.builder()
                .ref(config.require("key"))
                .password(config.requireSecret("keyPassword"))
                .build())
            .source(SourceArgs.builder().allowDirty(config.getBoolean("allowDirty").orElse(false)).build())
            .build());

        var labels = Map.of("app", "hello");
        new Deployment("hello", DeploymentArgs.builder()
            .metadata(ObjectMetaArgs.builder().name("hello").labels(labels).build())
            .spec(DeploymentSpecArgs.builder()
                .selector(LabelSelectorArgs.builder().matchLabels(labels).build())
                .template(PodTemplateSpecArgs.builder()
                    .metadata(ObjectMetaArgs.builder().labels(labels).build())
                    .spec(PodSpecArgs.builder()
                        // The only image reference: it is available only after a successful verification.
                        .containers(ContainerArgs.builder().name("hello").image(image.imageRef()).build())
                        .build())
                    .build())
                .build())
            .build());

        ctx.export("imageRef", image.imageRef());
        ctx.export("digest", image.digest());
    }
}
