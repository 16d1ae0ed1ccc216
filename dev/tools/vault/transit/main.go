// Command transit serves Vault's own transit engine on the loopback interface. Vault's core does not
// build with the versions of its SDK that the module proxy has; the engine alone does. So signatures
// and key metadata come from Vault's code, and this program checks the token.
//
// The only token is VAULT_DEV_ROOT_TOKEN_ID. The program prints one line with its address, and ends when
// its standard input is closed.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	log "github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/builtin/logical/transit"
	"github.com/hashicorp/vault/sdk/logical"
)

const mount = "/v1/transit/"

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	storage := &logical.InmemStorage{}
	engine, err := transit.Factory(context.Background(), &logical.BackendConfig{
		Logger:      log.New(&log.LoggerOptions{Level: log.Error, Output: os.Stderr}),
		StorageView: storage,
		System: logical.StaticSystemView{
			DefaultLeaseTTLVal: time.Hour,
			MaxLeaseTTLVal:     time.Hour,
		},
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	token := os.Getenv("VAULT_DEV_ROOT_TOKEN_ID")
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, engine, storage, token)
	}))
	fmt.Printf("http://%s\n", listener.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func answer(w http.ResponseWriter, r *http.Request, engine logical.Backend, storage logical.Storage, token string) {
	w.Header().Set("Content-Type", "application/json")
	if r.Header.Get("X-Vault-Token") != token {
		fail(w, http.StatusForbidden, fmt.Errorf("permission denied"))
		return
	}
	if !strings.HasPrefix(r.URL.Path, mount) {
		fail(w, http.StatusNotFound, fmt.Errorf("no handler for route %q. route entry not found.", r.URL.Path))
		return
	}
	request := &logical.Request{
		Operation: logical.ReadOperation,
		Path:      strings.TrimPrefix(r.URL.Path, mount),
		Storage:   storage,
	}
	if r.Method == http.MethodPost || r.Method == http.MethodPut {
		request.Operation = logical.UpdateOperation
		decoder := json.NewDecoder(r.Body)
		decoder.UseNumber()
		if err := decoder.Decode(&request.Data); err != nil && err != io.EOF {
			fail(w, http.StatusBadRequest, err)
			return
		}
	}
	response, err := engine.HandleRequest(r.Context(), request)
	if status, err := logical.RespondErrorCommon(request, response, err); status != 0 {
		fail(w, status, err)
		return
	}
	if response == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	json.NewEncoder(w).Encode(logical.LogicalResponseToHTTPResponse(response))
}

// fail responds like Vault's respondError, which is in the part that does not build.
func fail(w http.ResponseWriter, status int, err error) {
	said := struct {
		Errors []string `json:"errors"`
	}{Errors: []string{}}
	if err != nil {
		said.Errors = append(said.Errors, err.Error())
	}
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(said)
}
