//go:build linux && (amd64 || arm64)

// Package netcut makes a node deaf to chosen peers. Packets are dropped where they arrive, because
// a sender must not be told: a drop on the way out fails a UDP write with EPERM, which no network
// does. Each edge of a partition is one peer in the set of one node, so one-way cuts are nothing
// special.
//
// Everything stands in a table of its own; what Docker has in the same namespace is not touched.
package netcut

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Table is our table in the network namespace where Open was called. The rules stand from the
// start and never match; a cut only puts an address into a set, over a connection that stays
// open, which takes the kernel microseconds. It is not safe for use by several goroutines.
type Table struct {
	conn  *nftables.Conn
	table *nftables.Table
	chain *nftables.Chain
	sets  map[int]*nftables.Set // by length of the address: 4 and 16
	peers map[string]netip.Addr
	cut   []string // the peers that were last asked to be cut
}

// Count is what came from one peer and was dropped since Open.
type Count struct {
	Cut            bool // its address is in the kernel's set now
	Packets, Bytes uint64
}

// Open makes the table called name, in place of one that an earlier agent left. It needs NET_ADMIN
// and a kernel with nftables; its error says which is missing.
func Open(name string) (*Table, error) {
	conn, err := nftables.New(nftables.AsLasting())
	if err != nil {
		return nil, fmt.Errorf("open nftables: %w", explain(err))
	}
	t := &Table{conn: conn, table: &nftables.Table{Family: nftables.TableFamilyINet, Name: name}}
	conn.AddTable(t.table) // so that the deletion finds one
	conn.DelTable(t.table)
	conn.AddTable(t.table)
	t.sets = map[int]*nftables.Set{
		4:  {Table: t.table, Name: "cut4", KeyType: nftables.TypeIPAddr},
		16: {Table: t.table, Name: "cut6", KeyType: nftables.TypeIP6Addr},
	}
	err = errors.Join(conn.AddSet(t.sets[4], nil), conn.AddSet(t.sets[16], nil))
	accept := nftables.ChainPolicyAccept
	t.chain = conn.AddChain(&nftables.Chain{
		Name: "input", Table: t.table, Type: nftables.ChainTypeFilter, Policy: &accept,
		Hooknum: nftables.ChainHookInput, Priority: nftables.ChainPriorityRaw,
	})
	if err := errors.Join(err, conn.Flush()); err != nil {
		conn.CloseLasting()
		return nil, fmt.Errorf("make nftables table: %w", explain(err))
	}
	return t, nil
}

// explain adds to an error of the kernel what to do about it.
func explain(err error) error {
	switch {
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("%w (give the container --cap-add NET_ADMIN)", err)
	case errors.Is(err, unix.EPROTONOSUPPORT), errors.Is(err, unix.ENOENT),
		errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EAFNOSUPPORT):
		return fmt.Errorf("%w (the kernel has no nftables: load nf_tables on the host)", err)
	}
	return err
}

// SetPeers makes a counter and a rule for each peer. Peers that were there keep their counts, and
// stay cut if they were.
func (t *Table) SetPeers(peers map[string]netip.Addr) error {
	plain := make(map[string]netip.Addr, len(peers))
	owner := map[netip.Addr]string{}
	for name, a := range peers {
		a = a.Unmap().WithZone("")
		if other, twice := owner[a]; twice || !a.IsValid() {
			return fmt.Errorf("set peers: %q has the address %v, as %q has", name, a, other)
		}
		owner[a], plain[name] = name, a
	}
	if maps.Equal(plain, t.peers) {
		return nil
	}
	t.conn.FlushChain(t.chain)
	for _, a := range plain {
		t.conn.AddObj(&nftables.CounterObj{Table: t.table, Name: counter(a)})
		t.conn.AddRule(&nftables.Rule{Table: t.table, Chain: t.chain, Exprs: t.rule(a)})
	}
	if err := t.conn.Flush(); err != nil {
		return fmt.Errorf("set peers: %w", explain(err))
	}
	t.peers = plain
	return t.Drop(slices.DeleteFunc(t.cut, func(name string) bool {
		_, known := plain[name]
		return !known
	}))
}

func counter(a netip.Addr) string { return "from " + a.String() }

// rule drops and counts a packet from a, if a is in the set.
func (t *Table) rule(a netip.Addr) []expr.Any {
	family, offset := byte(unix.NFPROTO_IPV4), uint32(12)
	if a.Is6() {
		family, offset = unix.NFPROTO_IPV6, 8
	}
	raw := a.AsSlice()
	set := t.sets[len(raw)]
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{family}},
		&expr.Payload{
			DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset,
			Len: uint32(len(raw)),
		},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: raw},
		&expr.Lookup{SourceRegister: 1, SetName: set.Name, SetID: set.ID},
		&expr.Objref{Type: unix.NFT_OBJECT_COUNTER, Name: counter(a)},
		&expr.Verdict{Kind: expr.VerdictDrop},
	}
}

// Check says which of the names is no peer.
func (t *Table) Check(names []string) error {
	for _, name := range names {
		if _, known := t.peers[name]; !known {
			return fmt.Errorf("check cut: %.40q is none of the %d known peers", name, len(t.peers))
		}
	}
	return nil
}

// Drop drops what comes from exactly these peers from now on, in one transaction: no packet sees
// half of it.
func (t *Table) Drop(names []string) error {
	if err := t.Check(names); err != nil {
		return err
	}
	elements := map[int][]nftables.SetElement{}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		raw := t.peers[name].AsSlice()
		elements[len(raw)] = append(elements[len(raw)], nftables.SetElement{Key: raw})
	}
	for size, set := range t.sets {
		t.conn.FlushSet(set)
		if err := t.conn.SetAddElements(set, elements[size]); err != nil {
			return fmt.Errorf("cut peers: %w", err)
		}
	}
	if err := t.conn.Flush(); err != nil {
		return fmt.Errorf("cut peers: %w", explain(err))
	}
	t.cut = slices.Clone(names)
	return nil
}

// Read asks the kernel which peers are cut and what was dropped.
func (t *Table) Read() (map[string]Count, error) {
	cut := map[netip.Addr]bool{}
	for _, set := range t.sets {
		elements, err := t.conn.GetSetElements(set)
		if err != nil {
			return nil, fmt.Errorf("read cuts: %w", err)
		}
		for _, e := range elements {
			a, _ := netip.AddrFromSlice(e.Key)
			cut[a] = true
		}
	}
	objects, err := t.conn.GetObjects(t.table)
	if err != nil {
		return nil, fmt.Errorf("read drop counters: %w", err)
	}
	counters := map[string]*nftables.CounterObj{}
	for _, o := range objects {
		if c, ok := o.(*nftables.CounterObj); ok {
			counters[c.Name] = c
		}
	}
	counts := make(map[string]Count, len(t.peers))
	for name, a := range t.peers {
		c := counters[counter(a)]
		if c == nil {
			return nil, fmt.Errorf("read drop counters: none for %q", name)
		}
		counts[name] = Count{Cut: cut[a], Packets: c.Packets, Bytes: c.Bytes}
	}
	return counts, nil
}

// Close removes the table and with it every cut.
func (t *Table) Close() error {
	t.conn.AddTable(t.table) // so that it is no error if somebody else has removed it
	t.conn.DelTable(t.table)
	if err := errors.Join(t.conn.Flush(), t.conn.CloseLasting()); err != nil {
		return fmt.Errorf("remove nftables table: %w", err)
	}
	return nil
}
