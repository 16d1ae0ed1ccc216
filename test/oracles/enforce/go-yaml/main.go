// Reads YAML as Kubernetes does (kubectl, the API server): for each JSON string of the input one JSON
// value, or {"error": ...}.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"sigs.k8s.io/yaml"
)

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<26)
	for in.Scan() {
		var text string
		if err := json.Unmarshal(in.Bytes(), &text); err != nil {
			panic(err)
		}
		value, err := yaml.YAMLToJSONStrict([]byte(text))
		if err != nil {
			value, _ = json.Marshal(map[string]string{"error": err.Error()})
		}
		fmt.Println(string(value))
	}
}
