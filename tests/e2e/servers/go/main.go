// SPDX-License-Identifier: Apache-2.0

// An HTTP origin and an HTTP client with net/http, for the end-to-end tests.
//
//	origin server PORT
//	origin client BASE-URL REQUESTS CONCURRENCY ID-PREFIX LOG
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
)

const bigBody = 5_000_000

// What the client saw of one request; times are left out, goroutines make them vague.
type truth struct {
	ID           string `json:"id"`
	Method       string `json:"method"`
	Path         string `json:"path"`
	Start        int64  `json:"start_ns"`
	End          int64  `json:"end_ns"`
	Status       int    `json:"status"`
	RequestBody  int64  `json:"request_body"`
	ResponseBody int64  `json:"response_body"`
	Ended        string `json:"ended"`
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "server" {
		log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[2], http.HandlerFunc(answer)))
	}
	if len(os.Args) == 7 && os.Args[1] == "client" {
		runClient(os.Args[2:])
		return
	}
	log.Fatal("usage: origin server PORT | client URL REQUESTS CONCURRENCY ID-PREFIX LOG")
}

func answer(w http.ResponseWriter, r *http.Request) {
	switch strings.Split(r.URL.Path, "/")[1] {
	case "status":
		code, _ := strconv.Atoi(strings.Split(r.URL.Path, "/")[2])
		w.WriteHeader(code)
	case "chunked":
		for i := 0; i < 3; i++ {
			w.Write(bytes.Repeat([]byte("c"), 1000))
			w.(http.Flusher).Flush()
		}
	case "echo":
		size, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprintf(w, "%d bytes", size)
	case "big":
		w.Header().Set("Content-Length", strconv.Itoa(bigBody))
		w.Write(bytes.Repeat([]byte("y"), bigBody))
	default:
		fmt.Fprint(w, "hello from go")
	}
}

func runClient(args []string) {
	requests, _ := strconv.Atoi(args[1])
	concurrency, _ := strconv.Atoi(args[2])
	file, err := os.Create(args[4])
	if err != nil {
		log.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: concurrency}
	client := &http.Client{Transport: transport}
	work, truths := make(chan int), make(chan truth)
	var group sync.WaitGroup
	for i := 0; i < concurrency; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for n := range work {
				truths <- request(client, args[0], args[3]+strconv.Itoa(n), n)
			}
		}()
	}
	go func() {
		for n := 0; n < requests; n++ {
			work <- n
		}
		close(work)
		group.Wait()
		close(truths)
	}()
	encoder := json.NewEncoder(file)
	for t := range truths {
		encoder.Encode(t)
	}
	if err := file.Close(); err != nil {
		log.Fatal(err)
	}
}

// Every third request uploads; they differ in size so that no read has the size of the last.
func request(client *http.Client, base, id string, number int) truth {
	t := truth{ID: id, Method: "GET", Path: "/r/" + id, Ended: "closed"}
	var body io.Reader
	if number%3 == 0 {
		t.Method, t.Path, t.RequestBody = "POST", "/echo/r/"+id, int64(1+number%5000)
		body = bytes.NewReader(bytes.Repeat([]byte("b"), int(t.RequestBody)))
	}
	r, err := http.NewRequest(t.Method, base+t.Path, body)
	if err != nil {
		return t
	}
	reply, err := client.Do(r)
	if err != nil {
		return t
	}
	defer reply.Body.Close()
	t.Status = reply.StatusCode
	t.ResponseBody, err = io.Copy(io.Discard, reply.Body)
	if err == nil {
		t.Ended = "answered"
	}
	return t
}
