package workloads

import (
	"errors"
	"strconv"

	"sunder/checker"
	"sunder/checker/jepsen"
	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
)

var bankOptions = perKey("300", "100", "1000")

// Bank is transfers between the accounts of banks, and reads of all accounts at once. A transfer
// reads two balances and then sets both, if they are still what was read.
func Bank() Workload {
	return Workload{
		Name:    "bank",
		Doc:     "finds transactions that are done in part: money that appears or vanishes",
		Options: bankOptions,
		Ops:     []kv.Op{kv.Read, kv.Write, kv.CAS, kv.Txn},
		Main:    bankMain,
		Final:   finalPlain,
		Client: func(o Options, p history.Process) nodes.Client {
			return &bankClient{newClient(o, p, roleOf)}
		},
		Checkers: func(Options) []checker.Checker {
			return []checker.Checker{jepsen.Bank(accounts*balance, false)}
		},
	}
}

const (
	accounts    = 5
	balance     = 20 // of each account, at first
	transferMax = 5
)

// bankMain opens the accounts of a bank, all at once, before anything else is done there. To open
// them again does no harm: there is as much money as before.
func bankMain(o Options) generator.Generator {
	open := generator.Func(func(generator.Context, generator.Thread) generator.Op {
		return generator.Op{F: "open"}
	}).Delay(retryPause).UntilOK()
	transfer := func(c generator.Context) generator.Op {
		from := c.Rand("from", accounts)
		to := (from + 1 + c.Rand("to", accounts-1)) % accounts
		return generator.Op{F: "transfer",
			Value: listOf(int64(from), int64(to), 1+int64(c.Rand("amount", transferMax)))}
	}
	return o.keyed(bankOptions, func(string) generator.Generator {
		return open.Then(generator.Func(func(c generator.Context, t generator.Thread) generator.Op {
			return readOr(roleOf(o, int(t)), c, transfer)
		}))
	})
}

// bankClient applies bank operations.
type bankClient struct{ client }

// Reasons why a bank does nothing.
var (
	errNoAccounts = errors.New("the accounts are not open")
	errNoMoney    = errors.New("insufficient funds")
)

// Invoke does inv. A read answers an object from account to balance, or null of
// a bank that is not open.
func (b *bankClient) Invoke(conn nodes.Conn, inv history.Event) (history.Value, error) {
	switch inv.F {
	case "open":
		all := kv.Command{Op: kv.Txn}
		for i := range int64(accounts) {
			all.Txn = append(all.Txn, kv.Command{Op: kv.Write, Key: account(inv.Key, i), Arg: balance})
		}
		_, err := b.apply(conn, inv, all)
		return inv.Value, err
	case "read":
		which := make([]int64, accounts)
		for i := range which {
			which[i] = int64(i)
		}
		res, err := b.read(conn, inv, which...)
		switch {
		case errors.Is(err, errNoAccounts):
			return history.Null, nil
		case err != nil:
			return "", err
		}
		return balances(res), nil
	case "transfer":
		what, err := readList(inv.Value, 3)
		if err != nil {
			return "", history.Definite(err)
		}
		return inv.Value, b.transfer(conn, inv, what[0], what[1], what[2])
	}
	return "", history.Definite(errMalformed)
}

// read answers the balances of accounts. Where there is none of them, the bank is not open yet.
func (b *bankClient) read(conn nodes.Conn, inv history.Event, which ...int64) ([]kv.Result, error) {
	all := kv.Command{Op: kv.Txn}
	for _, i := range which {
		all.Txn = append(all.Txn, kv.Command{Op: kv.Read, Key: account(inv.Key, i)})
	}
	res, err := b.apply(conn, inv, all)
	if err != nil {
		return nil, err
	}
	for _, r := range res.Txn {
		if r.Found {
			return res.Txn, nil
		}
	}
	return nil, history.Definite(errNoAccounts)
}

func (b *bankClient) transfer(conn nodes.Conn, inv history.Event, from, to, amount int64) error {
	has, err := b.read(conn, inv, from, to)
	switch {
	case err != nil:
		return err
	case len(has) != 2:
		return history.Definite(errMalformed)
	case has[0].Value < amount:
		return history.Definite(errNoMoney)
	}
	set := func(i int64, old, to int64) kv.Command {
		return kv.Command{Op: kv.CAS, Key: account(inv.Key, i), Old: old, Arg: to}
	}
	_, err = b.apply(conn, inv, kv.Command{Op: kv.Txn, Txn: []kv.Command{
		set(from, has[0].Value, has[0].Value-amount), set(to, has[1].Value, has[1].Value+amount)}})
	return err
}

// account is the key under which the balance of an account stands.
func account(bank string, i int64) string { return bank + "/" + strconv.FormatInt(i, 10) }

func balances(all []kv.Result) history.Value {
	b := []byte{'{'}
	for i, r := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(strconv.AppendInt(append(b, '"'), int64(i), 10), `":`...)
		b = append(b, found(r)...)
	}
	return history.Value(append(b, '}'))
}
