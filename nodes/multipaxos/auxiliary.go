package multipaxos

// An auxiliary is an acceptor and nothing else: it promises and accepts when it is asked, and
// forgets what all mains know to be decided. Its commit index is how far it has forgotten, which it
// does not forget: a proposer that has not learned that far hears of it in phase 1.

// onForget forgets, at an auxiliary. It answers with how far it has.
func (n *node) onForget(p *peer, m *forget) {
	if !n.auxiliary {
		return
	}
	if m.upto > n.commit {
		n.log.drop(m.upto)
		n.commit = m.upto
		n.trim = true
	}
	n.env.Send(p.id, &accepted{ballot: m.ballot, first: m.upto, commit: n.commit})
}

// dismiss lets the auxiliaries that are asked no more forget, each until it says that it has. All
// mains must know what was decided with an auxiliary's help before it forgets that, durably: one
// that is gone may have been the only main that knew. It is not enough that they have accepted it:
// who hears that it was decided asks until somebody can say so.
func (n *node) dismiss() {
	known := n.kept
	if n.bug == bugForgetsEarly {
		known = n.commit
	}
	mains := n.era().Mains | n.schedule.newest().Mains
	for i := range n.peers {
		if p := &n.peers[i]; p != n.me && mains.Has(p.id) && n.bug != bugForgetsEarly {
			known = min(known, p.commit)
		}
	}
	for i := range n.peers {
		p := &n.peers[i]
		if n.variant.Auxiliary(p.id) && p.helped > p.commit && known >= p.helped {
			n.env.Send(p.id, &forget{ballot: n.ballot, upto: known})
		}
	}
}

// served notes that an auxiliary may hold what the leader proposed up to a slot.
func (n *node) served(p *peer, upto uint64) {
	if n.variant.Auxiliary(p.id) {
		p.helped = max(p.helped, upto)
	}
}
