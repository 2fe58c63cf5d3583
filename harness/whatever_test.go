package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/internal/failure"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/internal/students"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// interrupt ends a socket's reads when ctx ends. The caller calls the function that it returns.
func interrupt(ctx context.Context, conn interface{ SetReadDeadline(time.Time) error }) func() {
	done := make(chan bool)
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		conn.SetReadDeadline(time.Unix(1, 0))
	})
	return func() {
		if !stop() {
			<-done
			conn.SetReadDeadline(time.Time{})
		}
	}
}

// upper answers each datagram with its bytes in upper case, drops those that it is to, and
// logs what it does, but for a fault.
func upper(fault string) Serving {
	return Serving{
		Name: "Serve",
		Serve: func(ctx context.Context, on Occasion) error {
			is := func(f string) bool { return f == fault }
			if !is("deadline left") {
				defer interrupt(ctx, on.Conn)()
			} else {
				context.AfterFunc(ctx, func() { on.Conn.SetReadDeadline(time.Unix(1, 0)) })
			}
			fmt.Fprintf(on.Log, "at %v\n", on.Conn.LocalAddr())
			buf, last, failed := make([]byte, 1<<16), "", 0
			for {
				n, from, err := on.Conn.ReadFrom(buf)
				if is("ends at EOF") && errors.Is(err, io.EOF) {
					return err
				}
				switch {
				case errors.Is(err, net.ErrClosed), err != nil && ctx.Err() != nil:
					return errors.Join(err, ctx.Err())
				case err != nil:
					if failed++; is("ends at the 4th error") && failed == 4 {
						return err
					}
					if is("sleeps after an error") {
						time.Sleep(time.Second)
					}
					if is("asks after an error") {
						on.Drop()
					}
					continue
				case is("drops what it knows") && last == string(buf[:n]):
					continue
				case is("drops an empty one") && n == 0:
					continue
				}
				last = string(buf[:n])
				if is("takes a line end off") {
					n = len(bytes.TrimRight(buf[:n], "\n"))
				}
				if on.Drop() {
					fmt.Fprintf(on.Log, "dropped %v\n", from)
					continue
				}
				fmt.Fprintf(on.Log, "%v: %q\n", from, buf[:n])
				on.Conn.WriteTo(bytes.ToUpper(buf[:n]), from)
				if is("answers twice") {
					on.Conn.WriteTo(bytes.ToUpper(buf[:n]), from)
				}
			}
		},
		Answer:  strings.ToUpper,
		Opening: func(own net.Addr) string { return fmt.Sprintf("at %v", own) },
		Line: func(d Dealt) string {
			if d.Dropped {
				return fmt.Sprintf("dropped %v", d.From)
			}
			return fmt.Sprintf("%v: %q", d.From, d.Payload)
		},
		Drops: true,
	}
}

// insist asks again, but for a fault.
func insist(fault string) Asking {
	down := errors.New("down")
	waits := []time.Duration{time.Second, 3 * time.Second}
	shared := make([]byte, 1<<16)
	return Asking{
		Name: "Ask",
		Dial: func(ctx context.Context, conn net.Conn, what string, log io.Writer) (any, error) {
			is := func(f string) bool { return f == fault }
			buf := make([]byte, 1<<16)
			cause := error(os.ErrDeadlineExceeded)
			for i, wait := range waits {
				deadline := time.Now().Add(wait)
				if is("waits longer") && i > 0 {
					deadline = deadline.Add(time.Millisecond)
				}
				if is("sends a trimmed text") {
					what = strings.TrimSpace(what)
				}
				conn.Write([]byte(what))
				fmt.Fprintf(log, "%v\n", wait)
				conn.SetReadDeadline(deadline)
				end := interrupt(ctx, conn)
				for {
					n, err := conn.Read(buf)
					if err == nil {
						end()
						conn.SetReadDeadline(time.Time{})
						if is("no empty answer") && n == 0 {
							return nil, io.EOF
						}
						if is("bytes beside an error") && ctx.Err() != nil {
							return buf[:n:n], ctx.Err()
						}
						if is("shares its buffer") {
							return append(shared[:0], buf[:n]...), nil
						}
						return buf[:n:n], nil
					}
					if !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, net.ErrClosed) {
						if cause = err; is("breaks the wait off") {
							break
						}
						continue
					}
					if errors.Is(err, net.ErrClosed) || ctx.Err() != nil {
						end()
						conn.SetReadDeadline(time.Time{})
						if is("down when closed") {
							return nil, fmt.Errorf("%w: %w", down, err)
						}
						return nil, err
					}
					break
				}
				end()
				conn.SetReadDeadline(time.Time{})
			}
			if is("no cause") {
				return nil, down
			}
			return nil, fmt.Errorf("%w: %w", down, cause)
		},
		Value:  func(answer string, _ []net.Addr) any { return []byte(answer) },
		Beside: func([]net.Addr) any { return nil },
		Waits:  waits,
		Down:   down,
		Cause:  true,
		Line:   func(wait time.Duration) string { return wait.String() },
	}
}

// probe sends what an MTU leaves, and less at each refusal, but for a fault.
func probe(fault string) Asking {
	down, counts := errors.New("down"), func(size int) string { return fmt.Sprint(size) }
	return Asking{
		Name: "Probe",
		Path: func(ctx context.Context, path *PathConn) (any, error) {
			is := func(f string) bool { return f == fault }
			defer interrupt(ctx, path)()
			mtu, err := path.MTU()
			if err != nil {
				return 0, err
			}
			buf, size := make([]byte, 100), min(mtu, 60_000)
			_, err = path.Write(make([]byte, size))
			deadline := time.Now().Add(time.Second)
			for {
				if errors.Is(err, syscall.EMSGSIZE) {
					mtu, unknown := path.MTU()
					if unknown != nil && !is("goes on without the MTU") {
						return 0, unknown
					}
					if less := min(mtu, 60_000); less < size || is("grows") && less > size {
						size = less
						deadline = time.Now().Add(time.Second)
						_, err = path.Write(make([]byte, size))
						continue
					}
				}
				var n int
				path.SetReadDeadline(deadline)
				if ctx.Err() != nil {
					return 0, ctx.Err()
				}
				n, err = path.Read(buf)
				path.SetReadDeadline(time.Time{})
				switch {
				case err == nil && (string(buf[:n]) == counts(size) || is("any answer counts")):
					return size, nil
				case errors.Is(err, net.ErrClosed) || ctx.Err() != nil:
					return 0, errors.Join(err, ctx.Err())
				case errors.Is(err, os.ErrDeadlineExceeded):
					return 0, down
				}
			}
		},
		Value: func(answer string, _ []net.Addr) any {
			var size int
			fmt.Sscan(answer, &size)
			return size
		},
		Waits:   []time.Duration{time.Second},
		Down:    down,
		Payload: func(mtu int, _ bool) int { return min(mtu, 60_000) },
		Counts:  counts,
	}
}

// whatever tells random stories, and returns the first failure and its page.
func whatever(t *testing.T, of Function) (*failure.Failure, *fakeTB) {
	s := stacks.CallerSite("TestIt")
	s.Student, s.Begin = students.Dir, stacks.Line{File: "it_test.go", Number: 1}
	f, err := findFailure(t, s, "it", of)
	require.NoError(t, err)
	if f == nil {
		return nil, &fakeTB{}
	}
	return f, reported(s, f)
}

// TestWhateverComes: random stories find what is wrong with a function, and nothing with
// one that is right; what they tell is short.
func TestWhateverComes(t *testing.T) {
	for _, tt := range []struct {
		of    func(fault string) Function
		fault string
		steps int // at the most
		says  string
	}{
		{aServer, "", 0, ""},
		{aServer, "deadline left", 3, "is left with a read deadline"},
		{aServer, "ends at EOF", 2, "neither has its context ended nor is its socket closed"},
		{aServer, "ends at the 4th error", 3, "neither has its context ended nor is its socket closed"},
		{aServer, "sleeps after an error", 3, "did not return at once, though it has what ends it: it sleeps"},
		{aServer, "asks after an error", 3, ""},
		{aServer, "drops what it knows", 3, ""},
		{aServer, "drops an empty one", 2, ""},
		{aServer, "takes a line end off", 2, ""},
		{aServer, "answers twice", 2, "one datagram more than the story wants"},
		{aClient, "", 0, ""},
		{aClient, "waits longer", 2, ""},
		{aClient, "sends a trimmed text", 1, `the story wants "`},
		{aClient, "no empty answer", 2, "the story wants \"\" and no error"},
		{aClient, "breaks the wait off", 2, ""},
		{aClient, "down when closed", 2, "must be false"},
		{aClient, "shares its buffer", 4, "has changed since"},
		{aClient, "no cause", 2, "os.ErrDeadlineExceeded"},
		{aClient, "bytes beside an error", 2, "beside the error"},
		{aProber, "", 0, ""},
		{aProber, "goes on without the MTU", 3, "did not return at once"},
		{aProber, "grows", 5, "sent once more"},
		{aProber, "any answer counts", 2, "and no answer to what it has sent last has come"},
		{aShared, "", 0, ""},
		{aShared, "another number each time", 2, "the story wants"},
		{aShared, "any answer counts", 2, "and no answer has come"},
		{aShared, "ends at an error", 2, "and nothing has ended it yet"},
		{aShared, "leaves the socket open", 1, "should be closed by now, and is still open"},
		{aRemembering, "", 0, ""},
		{aRemembering, "remembers too long", 3, ""},
		{aRemembering, "knows nobody", 3, ""},
	} {
		t.Run(tt.of("").names().Code+" "+tt.fault, func(t *testing.T) {
			f, tb := whatever(t, tt.of(tt.fault))
			if tt.fault == "" {
				require.Nil(t, f, read(tb))
				return
			}
			require.NotNil(t, f)
			require.Equal(t, verdict.Failed, f.State, read(tb))
			require.Contains(t, f.Text.EN, tt.says, read(tb))
			require.LessOrEqual(t, len(f.Steps)-1, tt.steps, read(tb))
			again, tb2 := whatever(t, tt.of(tt.fault))
			require.Equal(t, f.Steps, again.Steps, "another story the second time\n%s", read(tb2))
		})
	}
}

func aServer(fault string) Function { return upper(fault) }
func aClient(fault string) Function { return insist(fault) }
func aProber(fault string) Function { return probe(fault) }

// TestWhateverPage: a random story that fails is told with its steps, in both languages,
// and with the command that repeats it.
func TestWhateverPage(t *testing.T) {
	t.Setenv(seedVariable, "7")
	_, tb := whatever(t, upper("answers twice"))
	golden(t, "whatever", "", tb)
	t.Setenv("UDPKATA_LANG", string(text.Chinese))
	_, tb = whatever(t, upper("answers twice"))
	golden(t, "whatever zh-TW", "", tb)
}

// TestStories: how many are told can be said, and has to be a number.
func TestStories(t *testing.T) {
	n, err := stories()
	require.NoError(t, err)
	require.Equal(t, usualStories, n)
	t.Setenv("UDPKATA_STORIES", "3")
	n, err = stories()
	require.NoError(t, err)
	require.Equal(t, 3, n)
	for _, wrong := range []string{"", "0", "-1", "many"} {
		t.Setenv("UDPKATA_STORIES", wrong)
		_, err = stories()
		require.ErrorContains(t, err, "and has to be a number from 1 up")
	}
}
