// SPDX-License-Identifier: Apache-2.0

// The Go servers of the ledger: `ledger VERB PORT UPSTREAM [OPTION]`. Every request comes in as
// /r/ID, and the calls that it causes carry the same ID, or ID_PART.
package main

import (
	"fmt"
	"hash/fnv"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

var verbs = map[string]func(args []string) http.Handler{
	"leaf":       leaf,
	"reverse":    reverse,
	"call":       call,
	"fan":        fan,
	"later":      later,
	"background": background,
	"health":     health,
	"postgres":   postgres,
	"redis":      redisGet,
}

func main() {
	if len(os.Args) < 3 || verbs[os.Args[1]] == nil {
		log.Fatalf("usage: %s VERB PORT [UPSTREAM] [OPTION]", os.Args[0])
	}
	handler := verbs[os.Args[1]](os.Args[3:])
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[2], handler))
}

func id(request *http.Request) string {
	return strings.TrimPrefix(request.URL.Path, "/r/")
}

// The end of every chain: answers after 0 to 6 ms, one of 16 requests after 20 ms, so that requests
// overtake each other; always the same for one id. A part that begins with 'f' makes it fail.
func leaf([]string) http.Handler {
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		hash := fnv.New32a()
		io.WriteString(hash, request.URL.Path)
		sum := hash.Sum32()
		delay := time.Duration(sum>>8%6000) * time.Microsecond
		if sum%16 == 0 {
			delay = 20 * time.Millisecond
		}
		time.Sleep(delay)
		if strings.Contains(request.URL.Path, "_f") {
			answer.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprintln(answer, request.URL.Path)
	})
}
