package harness

import (
	"slices"

	"sunder/checker"
	"sunder/nemesis"
)

// trusted is what a system assumes of disks that does not say that it survives flipped bits.
const trusted = "what was synced is read back as it was"

// excuse begins the reason of an invalid run in which a fault was beyond what the system declares.
// Clocks may explain what the first parts say, the workload's, which ask what clients saw. A disk
// that forgets what it held explains everything: promises broken, and nodes that do not start.
func (f faults) excuse(r checker.Result, clients int, clocks string) string {
	outside := func(what string) bool {
		return slices.ContainsFunc(f.records, func(r nemesis.Record) bool { return r.Outside == what })
	}
	switch {
	case outside("disk") && r.Verdict == checker.Invalid:
		return "outside the declared disk assumption (" + trusted + "): "
	case outside("clock") && checker.Worst(verdicts(r.Parts[:clients])...) == checker.Invalid:
		return "outside the declared clock assumption (" + clocks + "): "
	}
	return ""
}
