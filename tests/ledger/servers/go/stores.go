// SPDX-License-Identifier: Apache-2.0

package main

import (
	"database/sql"
	"fmt"
	"net/http"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/redis/go-redis/v9"
)

const poolSize = 32

// Asks PostgreSQL over database/sql; the id is the name of the column.
func postgres(args []string) http.Handler {
	database, err := sql.Open("pgx", args[0])
	if err != nil {
		panic(err)
	}
	database.SetMaxOpenConns(poolSize)
	database.SetMaxIdleConns(poolSize)
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		var got int
		query := fmt.Sprintf(`SELECT 1 AS "%s"`, id(request))
		row := database.QueryRowContext(request.Context(), query)
		if err := row.Scan(&got); err != nil {
			http.Error(answer, err.Error(), http.StatusBadGateway)
		}
	})
}

// Asks Redis for the key that is the id.
func redisGet(args []string) http.Handler {
	client := redis.NewClient(&redis.Options{Addr: args[0], PoolSize: poolSize})
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		err := client.Get(request.Context(), id(request)).Err()
		if err != nil && err != redis.Nil {
			http.Error(answer, err.Error(), http.StatusBadGateway)
		}
	})
}
