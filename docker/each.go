package docker

import (
	"errors"
	"sync"
)

// each does something with all of a list at once and waits for all of it.
func each[T any](list []T, do func(T) error) error {
	errs := make([]error, len(list))
	var wait sync.WaitGroup
	for i, v := range list {
		wait.Go(func() { errs[i] = do(v) })
	}
	wait.Wait()
	return errors.Join(errs...)
}
