package environment

import (
	"time"

	"sunder/nemesis"
)

const (
	electMax = 30 * time.Second       // for the right node to be elected
	deposing = 700 * time.Millisecond // a leader that is paused so long is one no more
)

// elect pauses who leads until it is the one that shall lead, so that a plan can name nodes by the
// parts that they play. Where that does not come about, the test is one in which another node
// leads: no test is lost for it.
func (e *Environment) elect(want string) {
	for began := time.Now(); want != ""; {
		leader, agree := e.watch.look(e.life, e, e.ids)
		if agree && leader == want {
			return
		}
		if time.Since(began) > electMax || e.life.Err() != nil {
			e.Log.Warn("the plan wants another leader", "want", want, "leader", leader)
			return
		}
		if !agree || leader == "" {
			sleep(e.life, observeEvery/10)
			continue
		}
		e.Log.Debug("depose a leader", "leader", leader, "want", want)
		_, err := e.driver.Apply(map[string]nemesis.State{leader: {Paused: true}})
		sleep(e.life, deposing)
		if _, errBack := e.driver.Apply(map[string]nemesis.State{}); err != nil || errBack != nil {
			e.Log.Warn("depose a leader", "leader", leader, "error", err, "resume", errBack)
		}
	}
}
