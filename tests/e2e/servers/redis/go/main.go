// SPDX-License-Identifier: Apache-2.0
// Commands from go-redis; arguments and log as in client.py, without the mode.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

const script = "return redis.error_reply('CUSTOM of ' .. KEYS[1])"

func commandOf(prefix string, n int) ([]any, string) {
	key := fmt.Sprintf("id:%s%d", prefix, n)
	switch n % 6 {
	case 0:
		return []any{"set", key, "value"}, ""
	case 1:
		return []any{"get", key}, ""
	case 2:
		return []any{"incr", key}, ""
	case 3:
		return []any{"lpush", "text", key}, "WRONGTYPE"
	case 4:
		return []any{"eval", script, "1", key}, "CUSTOM"
	}
	return []any{"hset", "hash:" + key, "field", strings.Repeat("x", 500)}, ""
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return n
}

func main() {
	args := os.Args[1:]
	requests, concurrency, depth := number(args[1]), number(args[2]), number(args[3])
	prefix, address := args[4], "127.0.0.1:"+args[0]
	client := redis.NewClient(&redis.Options{Addr: address, Protocol: number(args[6])})
	var group sync.WaitGroup
	for w := 0; w < concurrency; w++ {
		group.Add(1)
		go func(n int) {
			defer group.Done()
			for n < requests {
				pipe := client.Pipeline()
				for i := 0; i < depth && n < requests; i, n = i+1, n+concurrency {
					words, _ := commandOf(prefix, n)
					pipe.Do(context.Background(), words...)
				}
				_, _ = pipe.Exec(context.Background())
			}
		}(w)
	}
	group.Wait()
	log, err := os.Create(args[5])
	if err != nil {
		panic(err)
	}
	defer log.Close()
	for n := 0; n < requests; n++ {
		words, code := commandOf(prefix, n)
		_ = json.NewEncoder(log).Encode(map[string]any{
			"id": fmt.Sprintf("%s%d", prefix, n), "command": words[0], "code": code})
	}
}
