// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
)

// "pooled" keeps connections, "unpooled" opens one per call.
func transport(option string) *http.Transport {
	return &http.Transport{
		MaxIdleConns:        1024,
		MaxIdleConnsPerHost: 1024,
		DisableKeepAlives:   option == "unpooled",
	}
}

// The standard library's own proxy.
func reverse(args []string) http.Handler {
	target, err := url.Parse(args[0])
	if err != nil {
		panic(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport = transport(args[1])
	return proxy
}

// A handler that asks upstream and hands the answer on.
func call(args []string) http.Handler {
	client := &http.Client{Transport: transport(args[1])}
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		if err := fetch(client, args[0]+request.URL.Path, answer); err != nil {
			http.Error(answer, err.Error(), http.StatusBadGateway)
		}
	})
}

// The first error status or failure is an error.
func fetch(client *http.Client, url string, to io.Writer) error {
	got, err := client.Get(url)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	_, err = io.Copy(to, got.Body)
	return err
}
