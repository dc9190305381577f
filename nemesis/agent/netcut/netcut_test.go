//go:build linux && (amd64 || arm64)

package netcut

import (
	"log"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The tests run again in a network namespace of their own. There, loopback is the network and each
// address of 127/8 is a peer.
func TestMain(m *testing.M) {
	if os.Getenv("NETCUT_TEST_INSIDE") != "" {
		if err := loopbackUp(); err != nil {
			log.Fatal(err)
		}
		os.Exit(m.Run())
	}
	if os.Getuid() != 0 {
		log.Print("not root: no network namespace can be made, nothing is tested")
		return
	}
	cmd := exec.Command(os.Args[0], os.Args[1:]...)
	cmd.Env = append(os.Environ(), "NETCUT_TEST_INSIDE=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	if err := cmd.Run(); err != nil {
		log.Fatalf("in the namespace: %v", err)
	}
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	req.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req)
}

func open(t testing.TB, peers map[string]netip.Addr) *Table {
	t.Helper()
	table, err := Open("sunder")
	if err != nil {
		t.Skipf("nftables does not work here: %v", err)
	}
	t.Cleanup(func() {
		if err := table.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := table.SetPeers(peers); err != nil {
		t.Fatal(err)
	}
	return table
}

func drop(t testing.TB, table *Table, names ...string) {
	t.Helper()
	if err := table.Drop(names); err != nil {
		t.Fatal(err)
	}
}

func counts(t testing.TB, table *Table) map[string]Count {
	t.Helper()
	c, err := table.Read()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var peers = map[string]netip.Addr{
	"n2": netip.MustParseAddr("127.0.0.2"),
	"n3": netip.MustParseAddr("::ffff:127.0.0.3"), // written as IPv6, arrives as IPv4
	"n6": netip.MustParseAddr("fd00::6"),
}

// heard says whether a datagram from one address reaches the other. One that shall come may take
// long on a busy machine; one that shall not is not waited for as long.
func heard(t *testing.T, from, to string, patience time.Duration) bool {
	t.Helper()
	in, err := net.ListenPacket("udp", net.JoinHostPort(to, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	d := net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(from)}}
	out, err := d.Dial("udp", in.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := out.Write([]byte("hello")); err != nil {
		t.Fatalf("the sender was told: %v", err)
	}
	in.SetReadDeadline(time.Now().Add(patience))
	_, _, err = in.ReadFrom(make([]byte, 16))
	return err == nil
}

const short, long = 100 * time.Millisecond, 10 * time.Second

func patience(want bool) time.Duration {
	if want {
		return long
	}
	return short
}

func TestDropIsOneWayAndCounted(t *testing.T) {
	table := open(t, peers)
	check := func(when string, n2, n3 bool) {
		t.Helper()
		for from, want := range map[string]bool{"127.0.0.2": n2, "127.0.0.3": n3} {
			if got := heard(t, from, "127.0.0.1", patience(want)); got != want {
				t.Errorf("%s: %s heard %v, want %v", when, from, got, want)
			}
		}
		c := counts(t, table)
		if c["n2"].Cut == n2 || c["n3"].Cut == n3 {
			t.Errorf("%s: read back %+v", when, c)
		}
	}
	check("at first", true, true)
	drop(t, table, "n2")
	check("n2 cut", false, true)
	if !heard(t, "127.0.0.1", "127.0.0.2", long) {
		t.Error("the other way is cut too")
	}
	if c := counts(t, table)["n2"]; c.Packets != 1 || c.Bytes != 33 {
		t.Errorf("n2 sent one packet of 33 bytes: %+v", c)
	}
	drop(t, table, "n2", "n3", "n3")
	check("both cut", false, false)
	drop(t, table, "n3")
	check("n3 cut", true, false)
	drop(t, table)
	check("healed", true, true)
	if c := counts(t, table); c["n2"].Packets != 2 || c["n3"].Packets != 2 || c["n6"].Packets != 0 {
		t.Errorf("counters do not survive healing: %+v", c)
	}
}

func TestDropIPv6(t *testing.T) {
	args := []string{"-6", "addr", "add", "fd00::6/128", "dev", "lo", "nodad"}
	out, err := exec.Command("ip", args...).CombinedOutput()
	if err != nil {
		t.Skipf("no IPv6 address: %v %s", err, out)
	}
	table := open(t, peers)
	if !heard(t, "fd00::6", "::1", long) {
		t.Fatal("not heard before the cut")
	}
	drop(t, table, "n6")
	if heard(t, "fd00::6", "::1", short) || counts(t, table)["n6"].Packets != 1 {
		t.Errorf("heard despite the cut: %+v", counts(t, table))
	}
}

func TestConnectionStallsAndGoesOn(t *testing.T) {
	table := open(t, peers)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP("127.0.0.2")}}
	out, err := d.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	in, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	drop(t, table, "n2")
	if _, err := out.Write([]byte("late")); err != nil {
		t.Fatal(err)
	}
	in.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	b := make([]byte, 8)
	if n, err := in.Read(b); err == nil {
		t.Fatalf("read %q through a cut", b[:n])
	}
	drop(t, table)
	in.SetReadDeadline(time.Time{})
	if n, err := in.Read(b); err != nil || string(b[:n]) != "late" {
		t.Fatalf("after healing: %q, %v", b[:n], err)
	}
}

func TestPeersMayChangeWhileCut(t *testing.T) {
	table := open(t, peers)
	drop(t, table, "n2", "n3")
	heard(t, "127.0.0.2", "127.0.0.1", short)
	more := map[string]netip.Addr{"n2": peers["n2"], "n4": netip.MustParseAddr("127.0.0.4")}
	if err := table.SetPeers(more); err != nil {
		t.Fatal(err)
	}
	c := counts(t, table)
	if !c["n2"].Cut || c["n2"].Packets != 1 || c["n4"].Cut || len(c) != 2 {
		t.Errorf("read back %+v", c)
	}
	if heard(t, "127.0.0.2", "127.0.0.1", short) || !heard(t, "127.0.0.3", "127.0.0.1", long) {
		t.Error("n2 should be cut, and n3 no longer")
	}
	if err := table.Drop([]string{"n3"}); err == nil || !strings.Contains(err.Error(), `"n3"`) {
		t.Errorf("cut of a stranger: %v", err)
	}
	same := map[string]netip.Addr{"n2": peers["n2"], "n4": peers["n2"]}
	if err := table.SetPeers(same); err == nil {
		t.Error("two peers with one address were taken")
	}
}

// Docker keeps its DNS rules in the same namespace.
func TestOtherTablesAreLeftAlone(t *testing.T) {
	if out, err := exec.Command("nft", "add", "table", "ip", "nat").CombinedOutput(); err != nil {
		t.Skipf("no other table to look at: %v %s", err, out)
	}
	list := func() string {
		out, err := exec.Command("nft", "list", "ruleset").CombinedOutput()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	before := list()
	table, err := Open("sunder")
	if err != nil {
		t.Skip(err)
	}
	left, err := Open("sunder") // an agent that started again finds what the first one left
	if err != nil {
		t.Fatal(err)
	}
	if err := left.SetPeers(peers); err != nil {
		t.Fatal(err)
	}
	drop(t, left, "n2")
	t.Log(list())
	table.conn.CloseLasting()
	if err := left.Close(); err != nil {
		t.Fatal(err)
	}
	if after := list(); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func BenchmarkCutAndHeal(b *testing.B) {
	table := open(b, peers)
	for b.Loop() {
		drop(b, table, "n2", "n3")
		drop(b, table)
	}
}

func BenchmarkRead(b *testing.B) {
	table := open(b, peers)
	for b.Loop() {
		counts(b, table)
	}
}
