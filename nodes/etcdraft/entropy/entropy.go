// Package entropy lends the process's source of randomness to one call at a time.
//
// A foreign library that draws from crypto/rand.Reader can be replayed only where that variable
// is replaced, and it is one variable a process. So who needs a replay borrows it for the time of
// a call, and gives it back. Nobody borrows it in containers: there it stays the real one.
package entropy

import (
	"crypto/rand"
	"io"
	"sync"
)

// mu lets one borrower in at a time: simulations that run beside each other in one process wait
// for each other, and each still gets its own numbers.
var mu sync.Mutex

// Lend calls call with crypto/rand.Reader replaced by from. It must not be nested.
func Lend(from io.Reader, call func()) {
	mu.Lock()
	own := rand.Reader
	defer func() { // also on the way of a panic
		rand.Reader = own
		mu.Unlock()
	}()
	rand.Reader = from
	call()
}
