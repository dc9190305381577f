package nemesis

import (
	"fmt"
	"maps"
	"slices"

	"sunder/harness/plan"
)

// finding is what the evidence says about a part of a fault: a target, or a direction of a cut.
type finding struct {
	effect Effect
	words  string
}

func proven(format string, a ...any) finding { return finding{Proven, fmt.Sprintf(format, a...)} }
func masked(format string, a ...any) finding { return finding{Masked, fmt.Sprintf(format, a...)} }
func none(format string, a ...any) finding   { return finding{None, fmt.Sprintf(format, a...)} }

// Judge is r with its effect and the evidence for it in words, from what was read back.
func (r Record) Judge(p Proof) Record {
	var found []finding
	switch r.Asked.Kind {
	case partition:
		found = r.judgeCut(p)
	case clock:
		found = r.judgeClocks(p)
	case kill, power:
		for _, n := range r.Targets {
			found = append(found, r.judgeKill(n, p))
		}
	case pause:
		for _, n := range r.Targets {
			found = append(found, r.judgePause(n, p))
		}
	case disk:
		for _, n := range r.Targets {
			if r.Asked.Variant == diskFlip {
				found = append(found, r.judgeFlip(n, p))
			} else {
				found = append(found, r.judgeDisk(n, p))
			}
		}
	}
	r.Effect, r.Evidence = Masked, nil
	for _, f := range found {
		r.Evidence = append(r.Evidence, f.words)
		if f.effect == None || f.effect == Proven && r.Effect == Masked {
			r.Effect = f.effect
		}
	}
	if len(found) == 0 {
		r.Effect, r.Evidence = None, []string{"there is no evidence"}
	}
	r.Healed = healed(p)
	r.StartTook, r.EndTook = plan.Of(p.StartTook), plan.Of(p.EndTook)
	return r
}

// healed is the nodes whose agent let go by itself while the fault was active.
func healed(p Proof) (list []string) {
	for _, n := range slices.Sorted(maps.Keys(p.Ended)) {
		if before, ok := p.Before[n]; ok && p.Ended[n].Expired > before.Expired {
			list = append(list, n)
		}
	}
	return list
}

// The states of a process that evidence names.
const (
	running = "running"
	stopped = "stopped"
	dead    = "dead"
)

// same says whether two pieces of evidence are about one process.
func (e Evidence) same(other Evidence) bool {
	return e.PID != 0 && e.PID == other.PID && e.Born == other.Born
}

// up says whether there was a process.
func (e Evidence) up() bool { return e.State == running || e.State == stopped }

// judgeKill goes by what was read right after the start: nothing else had started by then.
func (r Record) judgeKill(n string, p Proof) finding {
	before, started, ended := p.Before[n], p.Started[n], p.Ended[n]
	by := r.by(n, kill, power, disk) // a node stops over its disk, too
	switch {
	case before.State == "" || started.State == "":
		return none("%s: its process was not read back", n)
	case !before.up() && by != "":
		return masked("%s: masked by %s", n, by)
	case !before.up():
		return masked("%s: masked, it was dead and no fault had killed it", n)
	case started.up() && started.same(before):
		return none("%s: pid %d was not killed", n, before.PID)
	case ended.up():
		return proven("%s: pid %d → %d, started anew", n, before.PID, ended.PID)
	case by != "":
		return proven("%s: pid %d killed, kept down by %s", n, before.PID, by)
	}
	return proven("%s: pid %d killed, and has not started again", n, before.PID)
}

// judgePause does so, too. A node that was dead then is stopped as soon as it is back.
func (r Record) judgePause(n string, p Proof) finding {
	before, started, ending := p.Before[n], p.Started[n], p.Ending[n]
	switch {
	case started.State == stopped && before.State != stopped:
		return proven("%s: pid %d in state T", n, started.PID)
	case started.State == stopped && r.by(n, pause) != "":
		return masked("%s: masked by %s", n, r.by(n, pause))
	case started.State == dead && ending.State == stopped && r.by(n, pause) == "":
		return proven("%s: pid %d in state T, once it had started", n, ending.PID)
	case started.State == dead && r.by(n, kill, power) != "":
		return masked("%s: masked by %s", n, r.by(n, kill, power))
	case started.State == dead:
		return masked("%s: masked, it was dead and no fault had killed it", n)
	case started.State == "":
		return none("%s: its process was not read back", n)
	}
	return none("%s: pid %d was %s before and %s after", n, started.PID, before.State, started.State)
}

// judgeDisk goes by what the disk did. A node that synced nothing meanwhile had nothing to lose.
func (r Record) judgeDisk(n string, p Proof) finding {
	started, ended := p.Started[n], p.Ended[n]
	count := ended.Faulty - started.Faulty
	switch {
	case started.Disk != r.Asked.Variant && r.by(n, disk) != "":
		return masked("%s: masked by %s", n, r.by(n, disk))
	case started.Disk != r.Asked.Variant:
		return none("%s: its disk is %q, not %s", n, started.Disk, r.Asked.Variant)
	case count == 0 && r.Asked.Variant == diskFull:
		return masked("%s: masked, what it wrote meanwhile still fitted", n)
	case count == 0:
		return masked("%s: masked, it synced nothing meanwhile", n)
	case r.Asked.Variant == diskFull:
		return proven("%s: %d writes found no room", n, count)
	}
	return proven("%s: %d syncs met the %s disk", n, count, r.Asked.Variant)
}

func (r Record) judgeFlip(n string, p Proof) finding {
	before, started := p.Before[n], p.Started[n]
	switch {
	case started.State == "":
		return none("%s: its disk was not read back", n)
	case started.Flips > before.Flips:
		return proven("%s: a bit of its disk flipped", n)
	case r.by(n, disk) != "":
		return masked("%s: masked by %s", n, r.by(n, disk))
	}
	return masked("%s: masked, it had synced nothing yet", n)
}
