package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"

	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// The .NET generator downloads the icon of the NuGet package. A local server answers instead, so that the output does
// not depend on the internet: a square of the color of the documentation.
func withIcon(pkg *schema.Package) (func(), error) {
	icon := image.NewPaletted(image.Rect(0, 0, 64, 64), color.Palette{color.RGBA{0x4d, 0x5b, 0xd9, 0xff}})
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, icon); err != nil {
		return nil, err
	}
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		answer.Header().Set("content-type", "image/png")
		_, _ = answer.Write(encoded.Bytes())
	}))
	pkg.LogoURL = server.URL
	return server.Close, nil
}
