#!/bin/sh
# gdb sees a Go program in our core as it sees it in the process.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/core.sh"

need gdb gcore go

cat >main.go <<'EOT'
package main

import (
	"fmt"
	"runtime"
	"time"
)

func wait(n int, c chan int) int {
	if n == 0 {
		return <-c
	}
	return wait(n-1, c) + n
}

func main() {
	c := make(chan int)
	for i := 0; i < 8; i++ {
		go wait(i, c)
	}
	go func() {
		for {
			runtime.Gosched()
		}
	}()
	fmt.Println("ready")
	time.Sleep(1000 * time.Second)
}
EOT
GOCACHE=$scratch/cache GOFLAGS=-mod=mod GO111MODULE=off go build -o prog main.go >build.out 2>&1 || diag_file build.out
victim ./prog
await 20 ready_or_dead grep -q '^ready' "$out" || bail 'the Go program did not start'
kill -STOP "$pid"
await 5 in_state "$pid" T || bail 'the Go program did not stop'
gdb_sees_the_same prog
gcore_has_the_same

done_testing
