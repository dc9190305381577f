package page_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"sunder/harness/report"
	"sunder/harness/report/reporttest"
)

// browser is a browser with a page in it, which notes what a report must not do.
func browser(t *testing.T) (ctx context.Context, complaints func() []string) {
	t.Helper()
	var path string
	for _, name := range []string{"google-chrome", "chromium-browser", "chromium"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
		}
	}
	if path == "" {
		t.Skip("no chromium and no google-chrome is installed")
	}
	var mu sync.Mutex // guards said
	var said []string
	note := func(what, text string) { mu.Lock(); said = append(said, what+" "+text); mu.Unlock() }
	listen := func(e any) {
		switch e := e.(type) {
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, "file:") || e.Type != network.ResourceTypeDocument {
				note("requested", e.Request.URL)
			}
		case *cdplog.EventEntryAdded:
			note("logged", e.Entry.Text)
		case *cdpruntime.EventConsoleAPICalled:
			note("called", "console."+string(e.Type))
		case *cdpruntime.EventExceptionThrown:
			note("threw", e.ExceptionDetails.Text)
		}
	}
	// Frames in a sandbox have a process of their own unless that is off; then the test can see
	// into them. The sandbox and its policy stay what they are.
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path),
		chromedp.NoSandbox, chromedp.Flag("disable-features", "Translate,IsolateSandboxedIframes"))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(ctx, chromedp.WithListener(listen))
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return ctx, func() []string { mu.Lock(); defer mu.Unlock(); return slices.Clone(said) }
}

// open opens the page of a run.
func open(t *testing.T, ctx context.Context, run report.Run) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(write(t, run)), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate("file://"+file)); err != nil {
		t.Fatal(err)
	}
}

// ask evaluates an expression in the page.
func ask[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestInABrowser opens pages as their readers do, on a desk and on a phone.
func TestInABrowser(t *testing.T) {
	ctx, complaints := browser(t)
	for name, run := range map[string]report.Run{
		"valid": reporttest.Run(false), "invalid": reporttest.Run(true), "empty": {}} {
		for _, width := range []int64{1200, 390} {
			if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 900)); err != nil {
				t.Fatal(err)
			}
			open(t, ctx, run)
			if over := ask[int](t, ctx, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
				t.Errorf("%s at %d: the page is %d pixels too wide", name, width, over)
			}
			if got := ask[string](t, ctx, `document.querySelector("h1").textContent`); got !=
				report.Sure(run.Results.Verdict) {
				t.Errorf("%s: the page says %q", name, got)
			}
			bad := ask[string](t, ctx, `[...document.querySelectorAll("svg[role=img]")]
				.filter(s => !s.getAttribute("aria-label") || s.getBoundingClientRect().height < 20)
				.map(s => s.outerHTML).join()`)
			if bad != "" {
				t.Errorf("%s: drawings without label or height: %.300s", name, bad)
			}
		}
	}
	if said := complaints(); len(said) > 0 {
		t.Errorf("the browser complains or loads something: %q", said)
	}
}

// TestPicturesRunInTheirSandbox: a picture's own script runs.
func TestPicturesRunInTheirSandbox(t *testing.T) {
	ctx, complaints := browser(t)
	run := reporttest.Run(true)
	for _, c := range []struct{ html, want string }{
		{run.Pictures[0].HTML, "the picture's own script ran"},
		{porcupinePicture(t), "</rect>"},
	} {
		run.Pictures[0].HTML = c.html
		open(t, ctx, run)
		ask[chromedp.Void](t, ctx, `document.querySelectorAll("details").forEach(d => d.open = true)`)
		frames, err := chromedp.Run(ctx, chromedp.Nodes("iframe"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := chromedp.Run(ctx, chromedp.OuterHTML("#canvas", chromedp.FromNode(frames[0])))
		if err != nil || !strings.Contains(got, c.want) {
			t.Errorf("the picture is %.300q, want %q in it: %v", got, c.want, err)
		}
	}
	if said := complaints(); len(said) > 0 {
		t.Errorf("the browser complains: %q", said)
	}
}

// TestAPictureCannotAct: its handlers do not run, and nothing leaves the machine.
func TestAPictureCannotAct(t *testing.T) {
	ctx, complaints := browser(t)
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(
		func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	run := reporttest.Run(true)
	run.Pictures[0].HTML = strings.ReplaceAll(`<img src="URL/x" onerror="parent.document.title='ran'">
		<style>body { background: url(URL/y) }</style><script src="URL/z"></script>
		<script>fetch("URL/f"); try { parent.document.title = "ran" } catch {}</script>
		<iframe src="URL/i"></iframe><meta http-equiv="refresh" content="0;URL/m">`, "URL", server.URL)
	open(t, ctx, run)
	ask[chromedp.Void](t, ctx, `document.querySelectorAll("details").forEach(d => d.open = true)`)
	if err := chromedp.Do(ctx, chromedp.Sleep(500*time.Millisecond)); err != nil { // to let it try
		t.Fatal(err)
	}
	if title := ask[string](t, ctx, `document.title`); title == "ran" {
		t.Error("a picture reached the page")
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("a picture asked a server %d times", n)
	}
	if said := strings.Join(complaints(), "\n"); !strings.Contains(said, "Content Security Policy") {
		t.Errorf("the policy held nothing back: %s", said)
	}
}

// porcupinePicture is what porcupine draws of a stale read.
func porcupinePicture(t *testing.T) string {
	t.Helper()
	model := porcupine.Model{
		Init: func() any { return 0 },
		Step: func(state, in, out any) (bool, any) {
			if in.(int) != 0 {
				return true, in
			}
			return out == state, state
		},
	}
	result, info := porcupine.CheckOperationsVerbose(model, []porcupine.Operation{
		{ClientId: 0, Input: 1, Output: 0, Call: 0, Return: 1},
		{ClientId: 1, Input: 2, Output: 0, Call: 2, Return: 3},
		{ClientId: 2, Input: 0, Output: 1, Call: 4, Return: 5}}, 0)
	if result != porcupine.Illegal {
		t.Fatalf("porcupine says %s", result)
	}
	var b bytes.Buffer
	if err := porcupine.Visualize(model, info, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
