package sim

// Every random choice is mix(seed, stream, identity, occurrence), never the next number of one
// stream: taking a fault or an operation away disturbs only what followed from it.

// Streams keep choices of different kinds apart.
const (
	streamLatency = iota + 1
	streamFsync
	streamClient
	streamNode
	streamPower
	streamPriority
	streamCodec
	streamFull
	streamFlip
	streamResume
)

// mix hashes words into one well spread number (splitmix64 finalizer over a running sum).
func mix(words ...uint64) uint64 {
	h := uint64(start)
	for _, w := range words {
		h = stir(h, w)
	}
	return h
}

// start is what mix makes of no words.
const start = 0x9e3779b97f4a7c15

// stir goes on with one more word where mix has ended.
func stir(h, w uint64) uint64 {
	h += w + 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// hashString is FNV-1a.
func hashString(s string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 0x100000001b3
	}
	return h
}
