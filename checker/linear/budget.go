package linear

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// Budget bounds what a check may take. Zero fields stand for the defaults.
type Budget struct {
	Time    time.Duration // for all keys together; default one minute
	Memory  int64         // bytes for all keys together, estimated; default 2 GiB
	Workers int           // keys judged at a time; default GOMAXPROCS
}

const (
	timeDefault   = time.Minute
	memoryDefault = 2 << 30
)

func (b Budget) filled() Budget {
	if b.Time <= 0 {
		b.Time = timeDefault
	}
	if b.Memory <= 0 {
		b.Memory = memoryDefault
	}
	if b.Workers <= 0 {
		b.Workers = runtime.GOMAXPROCS(0)
	}
	return b
}

// each calls work(0) to work(n-1) from at most workers goroutines, lower numbers first. After the
// first work(i) that says stop, greater numbers are not begun, so that the least i that says stop
// does not depend on the scheduling. Running ones with greater numbers see their context end.
func each(ctx context.Context, n, workers int, work func(ctx context.Context, i int) (stop bool)) {
	var (
		mu      sync.Mutex // guards next, limit, cancels
		next    int
		limit   = n
		cancels = make(map[int]context.CancelFunc)
		wg      sync.WaitGroup
	)
	take := func() (context.Context, int, bool) {
		mu.Lock()
		defer mu.Unlock()
		if next >= limit {
			return nil, 0, false
		}
		i := next
		next++
		sub, cancel := context.WithCancel(ctx)
		cancels[i] = cancel
		return sub, i, true
	}
	give := func(i int, stop bool) {
		mu.Lock()
		defer mu.Unlock()
		cancels[i]()
		delete(cancels, i)
		if !stop || i >= limit {
			return
		}
		limit = i
		for k, cancel := range cancels {
			if k > i {
				cancel()
			}
		}
	}
	for range min(workers, n) {
		wg.Go(func() {
			for {
				sub, i, more := take()
				if !more {
					return
				}
				give(i, work(sub, i))
			}
		})
	}
	wg.Wait()
}
