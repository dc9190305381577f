package figures

import "time"

// Bucket counts what completed in one stretch of time. An open operation counts as info at the
// time of its invocation: it has no other.
type Bucket struct {
	From time.Duration
	Tally
}

// bucketsMax is fine enough to see a fault of a second in a run of a minute.
const bucketsMax = 150

// BucketWidth is the width of buckets for a run of that length: the smallest of 1, 2 and 5 times
// a power of ten, from a millisecond on, that needs at most 150 of them.
func BucketWidth(span time.Duration) time.Duration {
	for power := time.Millisecond; ; power *= 10 {
		for _, m := range []time.Duration{1, 2, 5} {
			if span/(m*power) < bucketsMax {
				return m * power
			}
		}
	}
}

// Buckets counts what completed from 0 to end in buckets of BucketWidth(end), empty ones included.
func (o Ops) Buckets(end time.Duration) []Bucket {
	end = max(end, 0)
	width := BucketWidth(end)
	out := make([]Bucket, int(end/width)+1)
	for i := range out {
		out[i].From = time.Duration(i) * width
	}
	for _, op := range o {
		at := op.Invocation.Time
		if op.Completion != nil {
			at = op.Completion.Time
		}
		if at >= 0 && at <= end {
			out[at/width].add(op.Kind())
		}
	}
	return out
}
