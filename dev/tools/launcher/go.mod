module pulumi-signed-image.invalid/launcher

go 1.26.0
