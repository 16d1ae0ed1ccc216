package demo;

import com.pulumi.Context;
import com.pulumi.Pulumi;
import io.github.pulumisignedimage.signedimage.SignedImage;
import io.github.pulumisignedimage.signedimage.SignedImageArgs;
import io.github.pulumisignedimage.signedimage.VerifiedImage;
import io.github.pulumisignedimage.signedimage.VerifiedImageArgs;
import io.github.pulumisignedimage.signedimage.inputs.KeyArgs;

/** Signs an image that another tool has built, and verifies it. */
public final class App {
    public static void main(String[] args) {
        Pulumi.run(App::stack);
    }

    private static void stack(Context ctx) {
        var config = ctx.config();

        // Without `build`, because the image exists. Existing signatures, by any signer, are kept.
        var image = new SignedImage("existing", SignedImageArgs.builder()
            .image(config.require("image"))
            .key(KeyArgs.builder()
                .ref(config.require("key"))
                .password(config.requireSecret("keyPassword"))
                .build())
            .build());

        // What a consumer of the image does: the digest is an output only if the signature of this key is valid.
        var checked = new VerifiedImage("checked", VerifiedImageArgs.builder()
            .image(image.imageRef())
            .keys(config.require("publicKey"))
            .build());

        ctx.export("imageRef", image.imageRef());
        ctx.export("digest", checked.digest());
    }
}
