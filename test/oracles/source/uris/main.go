// Reads one JSON string a line and prints what Go's net/url reads in it, one JSON object a line.
package main

import (
	"bufio"
	"encoding/json"
	"net/url"
	"os"
)

type answer struct {
	Valid bool   `json:"valid"`
	Again string `json:"again"`
	User  string `json:"user"`
	Host  string `json:"host"`
	Path  string `json:"path"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for lines.Scan() {
		var text string
		if err := json.Unmarshal(lines.Bytes(), &text); err != nil {
			panic(err)
		}
		read, err := url.Parse(text)
		if err != nil {
			out.Encode(answer{})
			continue
		}
		out.Encode(answer{true, read.String(), read.User.String(), read.Host, read.Path})
	}
}
