// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

const fanOut = 8

// Eight calls at the same time, ID_0 to ID_7.
func fan(args []string) http.Handler {
	client := &http.Client{Transport: transport("pooled")}
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		var bodies [fanOut]bytes.Buffer
		var group sync.WaitGroup
		for i := range bodies {
			group.Add(1)
			go func(i int) {
				defer group.Done()
				path := fmt.Sprintf("%s_%d", request.URL.Path, i)
				fetch(client, args[0]+path, &bodies[i])
			}(i)
		}
		group.Wait()
		for i := range bodies {
			io.Copy(answer, &bodies[i])
		}
	})
}

// Answers at once and asks upstream afterwards.
func later(args []string) http.Handler {
	client := &http.Client{Transport: transport("pooled")}
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		path := request.URL.Path
		fmt.Fprintln(answer, "later")
		go func() {
			time.Sleep(2 * time.Millisecond)
			fetch(client, args[0]+path, io.Discard)
		}()
	})
}

// Asks upstream for each request, and besides every few milliseconds by itself. LEDGER_BACKGROUND
// is what the ids of those calls begin with.
func background(args []string) http.Handler {
	go cronLoop(args[0], os.Getenv("LEDGER_BACKGROUND"))
	return call(append(args, "pooled"))
}

func cronLoop(upstream, prefix string) {
	client := &http.Client{Transport: transport("pooled")}
	for number := 1; ; number++ {
		time.Sleep(5 * time.Millisecond)
		fetch(client, fmt.Sprintf("%s/r/%sbg%d", upstream, prefix, number), io.Discard)
	}
}

// "/health" is answered at once; a request with an id asks upstream.
func health(args []string) http.Handler {
	ask := call(append(args, "pooled"))
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		if strings.HasPrefix(request.URL.Path, "/r/") {
			ask.ServeHTTP(answer, request)
		}
	})
}
