// Package harness runs the student's code against stories: small scripts of
// who sends what to whom, which a lesson test tells and the harness judges.
//
// A story gets a [World], or on some networks a view of it that has more words:
// [Virtual], [Path], [Kernel], [Kernel4], [Lab], [Subnet], [Subnets]. It opens sockets
// there for the student's code, adds peers that talk to it, starts the student's
// functions, and says what is to be heard:
//
//	func TestServeAnswers(t *testing.T) {
//		harness.OnEachNetwork(t, func(w *harness.World) {
//			server := w.ListenPacket("server")
//			w.Go("Serve", func(ctx context.Context) error { return echo.Serve(ctx, server, w.Log()) })
//
//			alice := w.Peer("alice")
//			alice.Send(server, "hello")
//			alice.ExpectFrom(server, "Your data was 5 bytes long")
//		})
//	}
//
// # Rules of a story
//
//   - A task is a top-level test, with its description and //kata:points above it, and
//     a section of its name in the lesson's hints. It tells one story by [OnEachNetwork]
//     or another of [Networks], and others by [Networks.Then], with names that say what
//     they are about.
//   - It is told on one goroutine. World, Peer and Call methods belong to it;
//     the sockets and the log that it hands out may be used from any.
//   - It never sleeps, and knows no port. Expect methods wait as long as the
//     student's code could still do something, and no longer.
//   - Silence is proved, not waited for: to show that nothing was sent, ask
//     for something that must be answered and see that the answer is next.
//     [Peer.HeardNothingElse] looks at all that has reached the peer until then.
//   - Nothing is checked that the story does not ask for, but that each call of the
//     student's code returns in the end.
//   - A reason ([World.Because]) is said where what is wanted may surprise.
//   - Student code is called through [World.Go] and [World.Call] alone: there a
//     TODO, a panic or a call that does not return becomes a sentence with the
//     student's line.
//   - A story ends by cancelling the contexts of its calls and then closing
//     their sockets. Code that ends at either is good enough, except where the
//     story asks for more: [Call.Stop], [World.NothingLeftBehind].
//
// # How a task ends
//
// A task is a top-level test. How it ended goes to whoever runs the tests as
// attributes of package verdict. The first TODO that a process meets fails its
// task with one line; later ones are skipped, and count as todo all the same.
// Where nobody asks go test for more, [Main] does so with failures: the first is
// shown whole, and each later one in one line.
// Code that can't be stopped in-process (a loop without end that calls
// nothing) makes the tasks after it "not run": they need a new process. A
// panic on a goroutine that the student's code started, os.Exit and a stack
// overflow end the process; Go's own output says where.
package harness
