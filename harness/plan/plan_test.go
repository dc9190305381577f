package plan

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"
)

func sample() Plan {
	return Plan{Version: Version, Seed: 1<<63 + 7, Environment: "sim", System: "raft",
		Workload: "register", Options: map[string]string{"reads": "lease"}, Nodes: 5, Concurrency: 10,
		Rate: 200, TimeLimit: Of(20 * time.Second),
		Network: Network{Links: "stream", Latency: Of(time.Millisecond), Loss: 0.25}, Faults: []Fault{
			{Kind: "partition", At: Of(time.Second), Duration: Of(1500 * time.Millisecond), Shape: "halves", Pick: 9},
			{Kind: "clock", At: Of(time.Second), Duration: Of(time.Second), Target: "leader",
				Clock: &Clock{Which: "both", Rate: 0.5, Others: 1.5}},
			{Kind: "kill", Duration: Of(time.Second), Target: "receiver",
				On: &Trigger{Event: "delivered", Kind: "vote", Nth: 2, Delay: Of(time.Millisecond)}}},
		Script: []ScriptedOp{{Thread: 3, F: "write", Key: "k1", Value: "7"}}}
}

func TestRoundTrip(t *testing.T) {
	var buf bytes.Buffer
	if err := sample().Write(&buf); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(buf.String(), `"duration": "1.5s"`) {
		t.Errorf("durations are not written as people say them:\n%s", buf.String())
	}
	got, err := Read(buf.Bytes())
	if err != nil || !reflect.DeepEqual(got, sample()) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestBadPlansAreNamedByLineAndField(t *testing.T) {
	var buf bytes.Buffer
	if err := sample().Write(&buf); err != nil {
		t.Fatal(err)
	}
	good := buf.String()
	for _, c := range []struct{ name, old, new, err string }{
		{"syntax", `"nodes": 5,`, `"nodes": 5,,`, "line 10"},
		{"type", `"nodes": 5`, `"nodes": "five"`, "nodes"},
		{"unknown field", `"nodes": 5`, `"nodes": 5, "rats": 1`, "rats"},
		{"no nodes", `"nodes": 5`, `"nodes": 0`, "nodes is 0, want 1 to 64"},
		{"negative", `"nodes": 5`, `"nodes": -5`, "nodes is -5"},
		{"duration", `"1.5s"`, `"soon"`, "soon"},
		{"fault", `"at": "1s"`, `"at": "-1s"`, "faults[0].at"},
		{"links", `"links": "stream"`, `"links": "wires"`, `network.links is "wires"`},
		{"event", `"event": "delivered"`, `"event": "dreamt"`, "faults[2].on.event is dreamt"},
		{"nth", `"nth": 2`, `"nth": -2`, "faults[2].on.nth is -2"},
		{"kind of what is no message", `"event": "delivered"`, `"event": "elected"`, "faults[2].on.kind"},
		{"thread", `"thread": 3`, `"thread": 10`, "script[0].thread is 10, want 0 to 9"},
		{"exception", `"links": "stream"`, `"except": [{"from": "n1", "to": "n2", "kind": "vote", "nth": 1}]`,
			"network.fixed"},
		{"loss", `"loss": 0.25`, `"loss": 1.25`, "network.loss"},
		{"version", `"version": 1`, `"version": 2, "revision": "cafe", "rats": 1`,
			"version is 2, want 1: another program made this plan (revision cafe)"},
		{"end of time", `"at": "1s"`, `"at": "2562047h"`, "faults[0].at is 2562047h0m0s, want 0 to 10000h"},
		{"trailing", "\n}\n", "\n}\n{}", "2 bytes after its end"},
		{"clock", `"kind": "partition"`, `"kind": "clock"`, "faults[0].clock"},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		if text == good {
			t.Fatalf("%s: nothing replaced in\n%s", c.name, good)
		}
		if _, err := Read([]byte(text)); err == nil || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: err %v does not say %q", c.name, err, c.err)
		}
	}
}

func FuzzRead(f *testing.F) {
	var buf bytes.Buffer
	if err := sample().Write(&buf); err != nil {
		f.Fatal(err)
	}
	f.Add(buf.Bytes())
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Read(text)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := p.Write(&out); err != nil {
			t.Fatal(err)
		}
		if again, err := Read(out.Bytes()); err != nil || !reflect.DeepEqual(again, p) {
			t.Fatalf("%+v came back as %+v, %v", p, again, err)
		}
	})
}
