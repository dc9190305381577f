package linear

import (
	"context"
	"strings"
	"testing"

	"sunder/checker"
)

func TestObjects(t *testing.T) {
	for _, c := range []struct {
		name    string
		checker checker.Checker
		lines   string
		want    string // verdict, or the class of the anomaly
	}{
		{"a mutex is held once", Mutex(Budget{}), "0 invoke acquire m 0\n0 ok acquire m 0\n" +
			"1 invoke acquire m 0\n1 ok acquire m 0", "not-linearizable"},
		{"a mutex goes round", Mutex(Budget{}), "0 invoke lock m 0\n0 ok lock m 0\n" +
			"0 invoke unlock m 0\n0 ok unlock m 0\n1 invoke lock m 0\n1 ok lock m 0", "valid"},
		{"a release that may come", Mutex(Budget{}), "0 invoke lock m 0\n0 ok lock m 0\n" +
			"0 invoke unlock m 0\n0 info unlock m 0\n1 invoke lock m 0\n1 ok lock m 0", "valid"},
		{"a queue is in order", Queue(Budget{}), "0 invoke enqueue q 1\n0 ok enqueue q 1\n" +
			"0 invoke enqueue q 2\n0 ok enqueue q 2\n1 invoke dequeue q null\n1 ok dequeue q 2",
			"reordered"},
		{"a queue of equals", Queue(Budget{}), "0 invoke enqueue q 1\n0 ok enqueue q 1\n" +
			"0 invoke enqueue q 1\n0 ok enqueue q 1\n1 invoke dequeue q null\n1 ok dequeue q 1", "valid"},
		{"a queue that somebody may empty", Queue(Budget{}), "0 invoke enqueue q 1\n0 ok enqueue q 1\n" +
			"0 invoke dequeue q null\n0 info dequeue q null\n1 invoke dequeue q null\n1 ok dequeue q null",
			"valid"},
		{"a queue found empty", Queue(Budget{}), "0 invoke enqueue q 1\n0 ok enqueue q 1\n" +
			"1 invoke dequeue q null\n1 ok dequeue q null", "false-empty"},
		{"a stack is not in order", Stack(Budget{}), "0 invoke push q 1\n0 ok push q 1\n" +
			"0 invoke push q 2\n0 ok push q 2\n1 invoke pop q null\n1 ok pop q 1", "reordered"},
		{"a stack is", Stack(Budget{}), "0 invoke push q 1\n0 ok push q 1\n" +
			"0 invoke push q 2\n0 ok push q 2\n1 invoke pop q null\n1 ok pop q 2", "valid"},
		{"a stack of equals", Stack(Budget{}), "0 invoke push q 1\n0 ok push q 1\n" +
			"0 invoke push q 2\n0 ok push q 2\n0 invoke push q 1\n0 ok push q 1\n" +
			"1 invoke pop q null\n1 ok pop q 2", "not-linearizable"},
		{"the least goes first", PriorityQueue(Budget{}), "0 invoke insert q 10\n0 ok insert q 10\n" +
			"0 invoke insert q 9\n0 ok insert q 9\n1 invoke extract q null\n1 ok extract q 10",
			"reordered"},
		{"the least of what is there", PriorityQueue(Budget{}), "0 invoke insert q 10\n" +
			"0 ok insert q 10\n0 invoke insert q 9\n1 invoke extract q null\n1 ok extract q 10\n" +
			"0 ok insert q 9", "valid"},
		{"a priority queue that somebody may take from", PriorityQueue(Budget{}),
			"0 invoke insert q 9\n0 ok insert q 9\n0 invoke extract q null\n0 info extract q null\n" +
				"1 invoke extract q null\n1 ok extract q null", "valid"},
		{"a queue that is read", Queue(Budget{}), "0 invoke enqueue q 1\n0 ok enqueue q 1\n" +
			"0 invoke enqueue q 2\n0 ok enqueue q 2\n1 invoke read q null\n1 ok read q [1,2]", "valid"},
		{"a queue that is read in another order", Queue(Budget{}), "0 invoke enqueue q 1\n0 ok enqueue q 1\n" +
			"0 invoke enqueue q 2\n0 ok enqueue q 2\n1 invoke read q null\n1 ok read q [2,1]",
			"not-linearizable"},
		{"a queue that is read as empty", Queue(Budget{}), "0 invoke enqueue q 1\n0 ok enqueue q 1\n" +
			"1 invoke read q null\n1 ok read q []", "false-empty"},
		{"out of order, and somebody may take another", Queue(Budget{}), "2 invoke dequeue q null\n" +
			"2 info dequeue q null\n0 invoke enqueue q 1\n0 ok enqueue q 1\n0 invoke enqueue q 2\n" +
			"0 ok enqueue q 2\n1 invoke dequeue q null\n1 ok dequeue q 2\n1 invoke dequeue q null\n" +
			"1 ok dequeue q 1", "reordered"},
		{"out of order, and somebody may have taken it", Queue(Budget{}), "2 invoke dequeue q null\n" +
			"2 info dequeue q null\n0 invoke enqueue q 1\n0 ok enqueue q 1\n0 invoke enqueue q 2\n" +
			"0 ok enqueue q 2\n1 invoke dequeue q null\n1 ok dequeue q 2\n1 invoke dequeue q null\n" +
			"1 ok dequeue q null", "valid"},
		{"a lock goes round", Lock(Budget{}), "0 invoke acquire l 1\n0 ok acquire l 1\n" +
			"0 invoke release l 1\n0 ok release l 1\n1 invoke acquire l 2\n1 ok acquire l 2\n" +
			"0 invoke read l null\n0 ok read l 2", "valid"},
		{"a lock is held once", Lock(Budget{}), "0 invoke acquire l 1\n0 ok acquire l 1\n" +
			"1 invoke acquire l 2\n1 ok acquire l 2", "not-linearizable"},
		{"a holder acquires again", Lock(Budget{}), "0 invoke acquire l 1\n0 ok acquire l 7\n" +
			"0 invoke acquire l 1\n0 ok acquire l 7", "valid"},
		{"a token is used again", Lock(Budget{}), "0 invoke acquire l 1\n0 ok acquire l 7\n" +
			"0 invoke release l 1\n0 ok release l 1\n1 invoke acquire l 2\n1 ok acquire l 7",
			"not-linearizable"},
		{"a token in doubt", Lock(Budget{}), "0 invoke acquire l 1\n0 info acquire l 1\n" +
			"2 invoke release l 1\n2 ok release l 1\n1 invoke acquire l 2\n1 ok acquire l 2", "valid"},
		{"released by another", Lock(Budget{}), "0 invoke acquire l 1\n0 ok acquire l 1\n" +
			"1 invoke release l 2\n1 ok release l 2", "not-linearizable"},
		{"a lock seen free while held", Lock(Budget{}), "0 invoke acquire l 1\n0 ok acquire l 1\n" +
			"1 invoke read l null\n1 ok read l null", "not-linearizable"},
		{"text grows", KV(Budget{}), "0 invoke append k \"a\"\n0 ok append k \"a\"\n" +
			"0 invoke append k \"b\"\n0 ok append k \"b\"\n1 invoke get k null\n1 ok get k \"ab\"", "valid"},
		{"text is replaced", KV(Budget{}), "0 invoke append k \"a\"\n0 ok append k \"a\"\n" +
			"0 invoke put k \"b\"\n0 ok put k \"b\"\n1 invoke get k null\n1 ok get k \"ab\"",
			"not-linearizable"},
		{"text does not shrink", KV(Budget{}), "0 invoke append k \"a\"\n0 ok append k \"a\"\n" +
			"1 invoke get k null\n1 ok get k \"\"", "not-linearizable"},
		{"a counter counts", Counter(Budget{}, false), "0 invoke add c 2\n1 invoke add c 3\n" +
			"0 ok add c 2\n1 ok add c 3\n0 invoke read c null\n0 ok read c 5", "valid"},
		{"a counter within bounds and wrong", Counter(Budget{}, false), "0 invoke add c 2\n" +
			"1 invoke add c 3\n2 invoke read c null\n2 ok read c 4\n0 ok add c 2\n1 ok add c 3",
			"not-linearizable"},
		{"a counter that answers", Counter(Budget{}, true), "0 invoke add c 2\n0 ok add c 2\n" +
			"0 invoke add c 3\n0 ok add c 4", "not-linearizable"},
		{"a set in any order", Set(Budget{}), "0 invoke add s 2\n0 ok add s 2\n0 invoke add s 10\n" +
			"0 ok add s 10\n1 invoke read s null\n1 ok read s [2,10]", "valid"},
		{"a set that forgets", Set(Budget{}), "0 invoke add s 2\n0 ok add s 2\n" +
			"1 invoke read s null\n1 ok read s []", "missing"},
		{"reads of a set that disagree", Set(Budget{}), "0 invoke add s 2\n1 invoke add s 3\n" +
			"2 invoke read s null\n3 invoke read s null\n2 ok read s [2]\n3 ok read s [3]",
			"reads-disagree"},
		{"a set that loses what was removed", Set(Budget{}), "0 invoke add s 2\n0 ok add s 2\n" +
			"0 invoke remove s 2\n1 invoke read s null\n1 ok read s [2]\n0 ok remove s 2\n" +
			"1 invoke read s null\n1 ok read s []", "valid"},
		{"a set that keeps what was removed", Set(Budget{}), "0 invoke add s 2\n0 ok add s 2\n" +
			"0 invoke remove s 2\n0 ok remove s 2\n1 invoke read s null\n1 ok read s [2]",
			"not-linearizable"},
		{"a set read out of nowhere", Set(Budget{}), "0 invoke add s 2\n0 ok add s 2\n" +
			"1 invoke read s null\n1 ok read s [2,7]", "phantom-read"},
		{"an element added twice", Set(Budget{}), "0 invoke add s 2\n0 ok add s 2\n" +
			"0 invoke add s 2\n0 ok add s 2\n1 invoke read s null\n1 ok read s []", "not-linearizable"},
		{"registers at one point", MultiRegister(Budget{}, "0"),
			"0 invoke txn t [[\"w\",\"x\",1],[\"w\",\"y\",1]]\n" +
				"1 invoke txn t [[\"r\",\"x\",null],[\"r\",\"y\",null]]\n" +
				"1 ok txn t [[\"r\",\"x\",1],[\"r\",\"y\",0]]\n" +
				"0 ok txn t [[\"w\",\"x\",1],[\"w\",\"y\",1]]", "not-linearizable"},
		{"what no mutex can", Mutex(Budget{}), "0 invoke read m 0\n0 ok read m 0", "unknown"},
		{"what no queue can", Queue(Budget{}), "0 invoke add m 0\n0 ok add m 0", "unknown"},
		{"what no lock can", Lock(Budget{}), "0 invoke add m 0\n0 ok add m 0", "unknown"},
		{"no transaction", MultiRegister(Budget{}, "0"), "0 invoke txn m 7\n0 ok txn m 7", "unknown"},
	} {
		r := c.checker.Check(context.Background(), script(t, c.lines))
		got := r.Verdict.String()
		if len(r.Anomalies) > 0 {
			got = r.Anomalies[0].Class
		}
		if got != c.want || strings.Contains(r.Reason, "panicked") {
			t.Errorf("%s: %s, want %s: %s", c.name, got, c.want, r.Reason)
		}
	}
}
