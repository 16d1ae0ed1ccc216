// Prints which proxy Go programs use for a URL, by the package that docker, cosign and crane use. Reads one
// JSON object per line from standard input, and prints one JSON object per line for each, in the same order.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"

	"golang.org/x/net/http/httpproxy"
)

type request struct {
	Env map[string]string `json:"env"`
	URL string            `json:"url"`
}

type response struct {
	Scheme   string `json:"scheme"`
	Host     string `json:"host"`
	User     string `json:"user"`
	Password string `json:"password"`
	Error    string `json:"error,omitempty"`
}

func main() {
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "httpproxy:", err)
		os.Exit(1)
	}
}

func serve(in io.Reader, to io.Writer) error {
	decoder := json.NewDecoder(bufio.NewReader(in))
	out := bufio.NewWriter(to)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	for decoder.More() {
		var input request
		if err := decoder.Decode(&input); err != nil {
			return err
		}
		if err := encoder.Encode(proxyOf(input)); err != nil {
			return err
		}
	}
	return nil
}

func proxyOf(input request) response {
	os.Clearenv()
	for name, value := range input.Env {
		os.Setenv(name, value)
	}
	target, err := url.Parse(input.URL)
	if err != nil {
		return response{Error: err.Error()}
	}
	proxy, err := httpproxy.FromEnvironment().ProxyFunc()(target)
	if err != nil {
		return response{Error: err.Error()}
	}
	if proxy == nil {
		return response{}
	}
	password, _ := proxy.User.Password()
	return response{Scheme: proxy.Scheme, Host: proxy.Host, User: proxy.User.Username(), Password: password}
}
