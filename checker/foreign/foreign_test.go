package foreign

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"sunder/harness/history"
)

func TestRead(t *testing.T) {
	const own = `{"index":0,"time":1,"process":0,"type":"invoke","f":"write","key":"k","value":5}` + "\n"
	for _, c := range []struct {
		name, text string
		format     Format
		want       string // events, or a part of the error
	}{
		{"own", own, Own, "0 invoke write k 5"},
		{"torn", own + `{"index":1`, Own, "the last line is torn"},
		{"edn list",
			"[{:process 0, :type :invoke, :f :cas, :value [0 1]}\n {:process 0 :type :ok :f :cas}]",
			EDN, "0 invoke cas  [0,1]; 0 ok cas  "},
		{"edn maps",
			"; a comment\n{:type :invoke, :value [[:r :x nil]]}\n{:type :ok, :value [[:r :x #{1}]]}",
			EDN, `0 invoke txn  [["r","x",null]]; 0 ok txn  [["r","x",[1]]]`},
		{"edn records", `#jepsen.history.Op{:process 3 :type :invoke :f :read :value nil}`, EDN,
			"3 invoke read  null"},
		{"edn with key", `{:process 1, :type :ok, :f :get, :key "7", :value "x y"}`, EDN,
			`1 ok get 7 "x y"`},
		{"edn multi-line",
			"({:type :info\n  :f :read\n :value nil, :process\n 17\n :error [:a \"b\"]})", EDN,
			"17 info read  null"},
		{"nemesis",
			`{:process :nemesis :type :info :f :start}{:process :nemesis :type :info :f :start}`, EDN,
			"-1 invoke start  ; -1 info start  "},
		{"a process after its info", "{:process 1 :type :invoke :f :r}{:process 1 :type :info :f :r}" +
			"{:process 1 :type :invoke :f :r}", EDN, "1 invoke r  ; 1 info r  ; 16777216 invoke r  "},
		{"json list", `[{"process":1,"type":"invoke","f":"add","value":{"a":[1,2.5]}}]`, JSON,
			`1 invoke add  {"a":[1,2.5]}`},
		{"json lines", "{\"type\":\"invoke\",\"f\":\"add\"}\n{\"type\":\"ok\",\"f\":\"add\"}", JSON,
			"0 invoke add  ; 0 ok add  "},
		{"text",
			"INFO  jepsen.util - 0\t:invoke\t:read\tnil\nINFO  jepsen.util - 0   :info  :cas   [1 2]\n",
			Text,
			"0 invoke read  null; 0 info cas  [1,2]"},
		{"empty", "", EDN, ""},
		{"edn damage", "{:process 0, :type :invoke}\n{:process", EDN, "line 2, column 9"},
		{"edn without type", "\n{:process 0}", EDN, "line 2, column 12: no :type"},
		{"edn of something else", "[1 2]", EDN, "element 0 of the list is no map"},
		{"json damage", "[{\"type\":\"invoke\"},\n{\"type\" 5}]", JSON, "line 2"},
		{"json of an unknown type", `[{"type":"okay"}]`, JSON, "none of invoke, ok, fail, info"},
		{"json nested", `[{"a":` + strings.Repeat("[", 1000), JSON, "nested"},
		{"text cut", "INFO  jepsen.util - 0\t:invoke", Text, "line 1"},
	} {
		events, format, err := Read(strings.NewReader(c.text))
		var parts []string
		for i, e := range events {
			if e.Index != i {
				t.Errorf("%s: event %d has index %d", c.name, i, e.Index)
			}
			parts = append(parts, fmt.Sprintf("%d %v %s %s %s", e.Process, e.Kind, e.F, e.Key, e.Value))
		}
		got := strings.Join(parts, "; ")
		if err != nil {
			got = err.Error()
		}
		if format != c.format || got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%s: %v, %q, want %v, %q", c.name, format, got, c.format, c.want)
		}
		if (c.name == "torn") != errors.Is(err, ErrTorn) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// What was read pairs, or history.Pair says why not; it never panics.
func FuzzRead(f *testing.F) {
	f.Add([]byte("[{:process 0, :type :invoke, :f :cas, :value [0 1]}]"))
	f.Add([]byte(`[{"process":1,"type":"invoke","f":"add","value":{"a":[1,2.5]}}]`))
	f.Add([]byte("INFO  jepsen.util - 0\t:invoke\t:read\tnil\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		events, _, err := Read(bytes.NewReader(text))
		if err == nil {
			_, _ = history.Pair(events)
		}
	})
}
