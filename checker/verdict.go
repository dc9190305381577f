package checker

import "fmt"

// Verdict is what a checker concludes, ordered: the greatest of several is the verdict of all.
type Verdict uint8

// The verdicts. The zero Verdict counts as Unknown, so that a forgotten one never passes.
const (
	Valid   Verdict = iota + 1 // the history is what the model allows, and says enough
	Unknown                    // nobody can tell: no time, no data, or the checker broke
	Invalid                    // there is an anomaly, and the result names it
)

var verdictNames = [...]string{Valid: "valid", Unknown: "unknown", Invalid: "invalid"}

// String is valid, unknown or invalid.
func (v Verdict) String() string { return verdictNames[v.sure()] }

// sure is v, or Unknown where v is none of the verdicts.
func (v Verdict) sure() Verdict {
	if v < Valid || v > Invalid {
		return Unknown
	}
	return v
}

// MarshalText writes the verdict's name.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads a verdict's name.
func (v *Verdict) UnmarshalText(text []byte) error {
	for i := Valid; i <= Invalid; i++ {
		if verdictNames[i] == string(text) {
			*v = i
			return nil
		}
	}
	return fmt.Errorf("read verdict: %.40q is none of valid, unknown, invalid", text)
}

// Worst is the worst of vs: Invalid over Unknown over Valid. Of none it is Unknown: who did not
// look saw nothing.
func Worst(vs ...Verdict) Verdict {
	if len(vs) == 0 {
		return Unknown
	}
	worst := Valid
	for _, v := range vs {
		worst = max(worst, v.sure())
	}
	return worst
}
