// The program in the plugin archives for Windows, where the engine and `pulumi package add` start only an .exe:
// runs `node lib/dist/plugin/main.js` in the folder of this program, with the same arguments and streams.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

func run() (int, error) {
	self, err := os.Executable()
	if err != nil {
		return 1, err
	}
	script := filepath.Join(filepath.Dir(self), "lib", "dist", "plugin", "main.js")
	child := exec.Command("node", append([]string{script}, os.Args[1:]...)...)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = child.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	if errors.Is(err, exec.ErrNotFound) {
		return 1, errors.New("the plugin signed-image needs Node.js 22.22.2 or later on the PATH")
	}
	return 0, err
}

func main() {
	code, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-signed-image:", err)
		code = 1
	}
	os.Exit(code)
}
