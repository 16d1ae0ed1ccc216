// Matches texts by the regular expressions of Go, as policy engines do. Reads JSON lines
// {"pattern", "texts"}, writes JSON lines {"compiles", "matches"}.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"regexp"
)

type question struct {
	Pattern string   `json:"pattern"`
	Texts   []string `json:"texts"`
}

type answer struct {
	Compiles bool   `json:"compiles"`
	Matches  []bool `json:"matches"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var asked question
		if err := json.Unmarshal(in.Bytes(), &asked); err != nil {
			panic(err)
		}
		said := answer{Matches: []bool{}}
		if expression, err := regexp.Compile(asked.Pattern); err == nil {
			said.Compiles = true
			for _, text := range asked.Texts {
				said.Matches = append(said.Matches, expression.MatchString(text))
			}
		}
		if err := out.Encode(said); err != nil {
			panic(err)
		}
	}
}
