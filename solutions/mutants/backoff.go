package mutants

var backoff = []Mutant{
	{
		Name:          "constant-wait",
		Misconception: "Asking again after the same time is enough.",
		File:          "backoff.go",
		Find:          "	for wait := firstWait; wait <= mostWait; wait *= 2 {\n",
		Put:           "	for wait := firstWait; wait <= mostWait; wait += 0 * wait {\n",
		KilledBy:      "TestAskDoublesItsWait",
		Says:          "the story wants",
		Means:         "Every wait is 100ms long",
	},
	{
		Name:          "linear-wait",
		Misconception: "Waiting a bit longer each time is the same as doubling.",
		File:          "backoff.go",
		Find:          "wait <= mostWait; wait *= 2 {\n",
		Put:           "wait <= 5*firstWait; wait += firstWait {\n",
		KilledBy:      "TestAskDoublesItsWait",
		Says:          "the story wants it after",
		Means:         "the waits grow, but they do not double",
	},
	{
		Name:          "doubled-first",
		Misconception: "The wait is doubled before it is used.",
		File:          "backoff.go",
		Find: `	for wait := firstWait; wait <= mostWait; wait *= 2 {
		deadline`,
		Put: `	for wait := firstWait; wait <= mostWait; {
		wait *= 2
		deadline`,
		KilledBy: "TestAskDoublesItsWait",
		Says:     "the story wants it after",
		Means:    "the wait is doubled before its first use",
	},
	{
		Name:          "six-sends",
		Misconception: "The last wait is the first that is longer than 2 s.",
		File:          "backoff.go",
		Find:          "wait <= mostWait; wait *= 2 {\n",
		Put:           "wait/2 <= mostWait; wait *= 2 {\n",
		KilledBy:      "TestAskDoublesItsWait",
		Says:          "the story wants it after 3.1s",
		Means:         "Before each send, see whether its wait is within the limit",
	},
	{
		Name:          "four-sends",
		Misconception: "The 2 s are for all waits together.",
		File:          "backoff.go",
		Find:          "wait <= mostWait; wait *= 2 {\n",
		Put:           "wait < mostWait/2; wait *= 2 {\n",
		KilledBy:      "TestAskDoublesItsWait",
		Says:          "client sent 4 of the 5 times that the story wants; the next one was due after 1.5s",
		Means:         "A limit for one wait is not one for all of them together",
	},
	{
		Name:          "one-deadline",
		Misconception: "One deadline for everything is enough; the reads end somehow.",
		File:          "backoff.go",
		Find: `	for wait := firstWait; wait <= mostWait; wait *= 2 {
		deadline := time.Now().Add(wait)
`,
		Put: `	deadline := time.Now().Add(3100 * time.Millisecond)
	for wait := firstWait; wait <= mostWait; wait *= 2 {
`,
		KilledBy: "TestAskDoublesItsWait",
		Says:     "client sent 1 of the 5 times that the story wants; the next one was due after 100ms",
		Means:    "The read has one deadline, after 3.1s",
		Total:    true,
	},
	{
		Name:          "deadline-not-reset",
		Misconception: "A deadline that has passed is gone.",
		File:          "backoff.go",
		Find: `	for wait := firstWait; wait <= mostWait; wait *= 2 {
		deadline := time.Now().Add(wait)
`,
		Put: `	deadline := time.Now().Add(firstWait)
	for wait := firstWait; wait <= mostWait; wait *= 2 {
`,
		KilledBy: "TestAskDoublesItsWait",
		Says:     "the story wants it after",
		Means:    "a deadline that has passed lets each read fail at once",
		Total:    true,
	},
	{
		Name:          "sleeps-first",
		Misconception: "Waiting for an answer means sleeping, and then looking whether it is there.",
		File:          "backoff.go",
		Find: `		for {
			n, err := readUntil(ctx, conn, deadline, buf)
`,
		Put: `		time.Sleep(wait)
		deadline = time.Now().Add(1)
		for {
			n, err := readUntil(ctx, conn, deadline, buf)
`,
		KilledBy: "TestAskTakesLateAnswers",
		Says:     "the story wants it after",
		Means:    "the code did something else, such as a sleep",
		Total:    true,
	},
	{
		Name:          "refused-is-final",
		Misconception: "Connection refused means that there is no server, and never will be.",
		File:          "backoff.go",
		Find:          "			cause = err // a refusal, say: no answer, and no reason to hurry\n",
		Put:           "			return nil, fmt.Errorf(\"%w: %w\", ErrServerDown, err)\n",
		KilledBy:      "TestAskIgnoresErrors",
		Says:          "client sent 1 of the 5 times that the story wants",
		Means:         "nobody listens there now; the server may be back",
	},
	{
		Name:          "refused-is-answer",
		Misconception: "Connection refused ends the wait, so the next send can go out.",
		File:          "backoff.go",
		Find:          "			cause = err // a refusal, say: no answer, and no reason to hurry\n",
		Put:           "			cause = err\n			break\n",
		KilledBy:      "TestAskIgnoresErrors",
		Says:          "the story wants it after",
		Means:         "An error is no answer, and no reason to hurry",
	},
	{
		Name:          "failed-send-is-final",
		Misconception: "A send that fails fails for good.",
		File:          "backoff.go",
		Find: `		if _, err := conn.Write(msg); err != nil {
			cause = err
		}
`,
		Put: `		if _, err := conn.Write(msg); err != nil {
			return nil, err
		}
`,
		KilledBy: "TestAskIgnoresErrors",
		Says:     "Ask returned",
		Means:    "Ask ended at an error of one send",
	},
	{
		Name:          "gives-up-silently",
		Misconception: "No answer is no error.",
		File:          "backoff.go",
		Find:          "	return nil, fmt.Errorf(\"%w: %w\", ErrServerDown, cause)\n",
		Put:           "	_ = cause\n	return nil, nil\n",
		KilledBy:      "TestAskDoublesItsWait",
		Says:          `Ask returned "" and no error (nil)`,
		Means:         "where no answer has come, return an error",
	},
	{
		Name:          "cause-dropped",
		Misconception: "Whoever asked need not know why.",
		File:          "backoff.go",
		Find:          "	return nil, fmt.Errorf(\"%w: %w\", ErrServerDown, cause)\n",
		Put:           "	_ = cause\n	return nil, ErrServerDown\n",
		KilledBy:      "TestAskDoublesItsWait",
		Says:          `Ask returned the error "I think the server is down"; the story wants one that errors.Is finds to be os.ErrDeadlineExceeded`,
		Means:         "Whoever has asked wants to know why, too",
	},
	{
		Name:          "jitter",
		Misconception: "A bit of chance is always better than exact waits.",
		File:          "backoff.go",
		Find:          "		deadline := time.Now().Add(wait)\n",
		Put:           "		deadline := time.Now().Add(wait + time.Duration(uint64(time.Now().UnixNano())*2654435761>>40)%(wait/8) + 1)\n",
		KilledBy:      "TestAskDoublesItsWait",
		Says:          "the story wants it after",
		Means:         "each by another amount, as if by chance",
	},
	{
		Name:          "sends-go-on",
		Misconception: "A timer that sends again stops by itself once the answer is there.",
		File:          "backoff.go",
		Find: `		if _, err := conn.Write(msg); err != nil {
			cause = err
		}
`,
		Put: `		if wait == firstWait {
			for _, at := range []time.Duration{0, 100, 300, 700, 1500} {
				go func() {
					time.Sleep(at * time.Millisecond)
					conn.Write(msg)
				}()
			}
		}
`,
		KilledBy: "TestAskIsSilentAfterwards",
		Says:     "A goroutine is left over: it sleeps",
		Means:    "A timer or a sleep goes on by itself",
	},
	{
		Name:          "late-answer-refused",
		Misconception: "What lies on the socket from an earlier wait is no answer.",
		File:          "backoff.go",
		Find: `		for {
			n, err := readUntil(ctx, conn, deadline, buf)
			if err == nil {
`,
		Put: `		for {
			n, err := readUntil(ctx, conn, deadline, buf)
			if err == nil && wait > firstWait && time.Until(deadline) > wait*3/4 {
				continue
			}
			if err == nil {
`,
		KilledBy: "TestAskTakesLateAnswers",
		Says:     "the story wants",
		Means:    "Whatever comes from there is an answer, whichever send it belongs to",
	},
	{
		Name:          "ask-ignores-context",
		Misconception: "It will be over in three seconds anyway.",
		File:          "backoff.go",
		Find:          "			n, err := readUntil(ctx, conn, deadline, buf)\n",
		Put:           "			n, err := readUntil(context.Background(), conn, deadline, buf)\n",
		KilledBy:      "TestAskStops",
		Says:          "Ask did not return at once when its context was cancelled",
		Means:         "the end of ctx has to end the read itself",
	},
	{
		Name:          "nil-at-deadline",
		Misconception: "When a deadline taken from ctx has passed, ctx.Err() says so already.",
		File:          "backoff.go",
		Find:          "		deadline := time.Now().Add(wait)\n",
		Put: `		deadline := time.Now().Add(wait)
		if end, ok := ctx.Deadline(); ok && end.Before(deadline) {
			conn.SetReadDeadline(end)
			_, err := conn.Read(buf)
			conn.SetReadDeadline(time.Time{})
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return nil, ctx.Err()
			}
		}
`,
		KilledBy: "TestAskStops",
		Says:     `Ask returned "" and no error (nil)`,
		Means:    "ctx.Err() was still nil",
	},
	{
		Name:          "other-bytes",
		Misconception: "A repeated question may be marked as one.",
		File:          "backoff.go",
		Find:          "conn.Write(msg); err",
		Put:           "conn.Write(append(msg[:len(msg):len(msg)], fmt.Sprint(wait)[3:]...)); err",
		KilledBy:      "TestAskDoublesItsWait",
		Says:          "the story wants",
		Means:         "Each send has the bytes that Ask was given, and no others",
	},
	{
		Name:          "drop-asked-twice",
		Misconception: "Asking drop twice gives the same answer twice.",
		File:          "backoff.go",
		Find:          "		if drop() {\n",
		Put:           "		if drop() || drop() {\n",
		KilledBy:      "TestServeDrops",
		Says:          "heard nothing",
		Means:         "It may say something else each time: call it once for each datagram",
	},
	{
		Name:          "dropped-is-logged",
		Misconception: "A datagram that is dropped was heard all the same, and belongs in the log.",
		File:          "backoff.go",
		Find: `		if drop() {
			fmt.Fprintf(log, "Pretending to drop packet from %v\n", client)
			continue
		}
		fmt.Fprintf(log, "The client at %v says %q\n", client, buf[:n])
`,
		Put: `		fmt.Fprintf(log, "The client at %v says %q\n", client, buf[:n])
		if drop() {
			fmt.Fprintf(log, "Pretending to drop packet from %v\n", client)
			continue
		}
`,
		KilledBy: "TestServeDrops",
		Says:     "the log",
		Means:    "the Pretending line stands in place of the other",
	},
	{
		Name:          "a-little-early",
		Misconception: "Time on the wire is part of the wait, so one may be a little early.",
		File:          "backoff.go",
		Find:          "		deadline := time.Now().Add(wait)\n",
		Put:           "		deadline := time.Now().Add(wait - 5*time.Millisecond)\n",
		KilledBy:      "TestAskDoublesItsWait",
		Says:          "client sent its datagram number 2 after 95ms; the story wants it after 100ms",
		Means:         "A wait lasts to its end",
	},
	{
		Name:          "other-clock",
		Misconception: "What is right in virtual time is right for every clock.",
		File:          "backoff.go",
		Find:          "		deadline := time.Now().Add(wait)\n",
		Put: `		deadline := time.Now().Add(wait)
		if deadline.Year() > 2000 { // the virtual network's clock begins in 2000
			deadline = deadline.Add(time.Hour)
		}
`,
		KilledBy: "TestAskAnswered",
		Says:     `server waited for "This is another message" from client and heard nothing`,
		Means:    "The clock shows today here, and the year 2000 in virtual time",
		Unsteady: true, // how long the first send takes on real sockets
	},
	{
		Name:          "small-buffer",
		Misconception: "Answers are as short as the ones seen so far.",
		File:          "backoff.go",
		Find:          "	buf := make([]byte, maxDatagram)\n	cause",
		Put:           "	buf := make([]byte, 64)\n	cause",
		KilledBy:      "TestAskAnswered",
		Says:          "only its first 64 bytes were read",
		Means:         "was read into a buffer of 64",
	},
	{
		Name:          "asks-drop-for-errors",
		Misconception: "Each turn of the loop is a datagram.",
		File:          "backoff.go",
		Find: `		n, client, err := readFrom(ctx, conn, buf)
		if ctx.Err() != nil {
`,
		Put: `		n, client, err := readFrom(ctx, conn, buf)
		if err != nil {
			drop()
		}
		if ctx.Err() != nil {
`,
		KilledBy: "TestServeDrops",
		Says:     "heard nothing",
		Means:    "A read that fails has brought no datagram",
	},
	{
		Name:          "serve-ignores-context",
		Misconception: "Asking ctx.Err() before each read is enough to be cancellable.",
		File:          "backoff.go",
		Find: `		n, client, err := readFrom(ctx, conn, buf)
`,
		Put: `		n, client, err := conn.ReadFrom(buf)
`,
		KilledBy: "TestServeStops",
		Says:     "Serve did not return at once when its context was cancelled",
		Means:    "asking ctx.Err() before it is not enough",
	},
	{
		Name:          "ask-spins-on-closed",
		Misconception: "Every error of a read passes.",
		File:          "backoff.go",
		Find:          "			if errors.Is(err, net.ErrClosed) {\n				return nil, fmt.Errorf(\"ask: %w\", err)\n			}\n",
		Put:           "",
		KilledBy:      "TestAskStops",
		Says:          "The code keeps calling Read of client's socket",
		Means:         "A closed socket stays closed",
	},
	{
		Name:          "sends-after-the-end",
		Misconception: "The end of ctx is the end of a wait, and the loop goes on.",
		File:          "backoff.go",
		Find:          "				return nil, fmt.Errorf(\"ask: %w\", ctx.Err())\n",
		Put:           "				break\n",
		KilledBy:      "TestAskStops",
		Says:          "client sent once more after 550ms",
		Means:         "The end of ctx is not the end of a wait",
	},
	{
		Name:          "refused-stops-listening",
		Misconception: "After a refusal nothing can come before the next send.",
		File:          "backoff.go",
		Find:          "			cause = err // a refusal, say: no answer, and no reason to hurry\n",
		Put: `			cause = err
			<-time.After(time.Until(deadline))
`,
		KilledBy: "TestAskIgnoresErrors",
		Says:     "the story wants it after 450ms",
		Means:    "the code did not read any more after the error",
	},
	{
		Name:          "failed-send-stops-listening",
		Misconception: "Nobody answers a datagram that was not sent.",
		File:          "backoff.go",
		Find: `			cause = err
		}
		fmt`,
		Put: `			cause = err
			time.Sleep(wait)
			continue
		}
		fmt`,
		KilledBy: "TestAskIgnoresErrors",
		Says:     `Ask returned the error "I think the server is down`,
		Means:    "A send that fails is followed by its wait like any other",
	},
	{
		Name:          "answers-share-memory",
		Misconception: "What was returned is copied.",
		File:          "backoff.go",
		Find: `// Ask sends msg on conn until a datagram comes back, and doubles its wait each
// time.
func Ask(ctx context.Context, conn net.Conn, msg []byte, log io.Writer) ([]byte, error) {
	buf := make([]byte, maxDatagram)
`,
		Put: `var buf = make([]byte, maxDatagram)

// Ask sends msg on conn until a datagram comes back, and doubles its wait each
// time.
func Ask(ctx context.Context, conn net.Conn, msg []byte, log io.Writer) ([]byte, error) {
`,
		KilledBy: "TestAskAnswered",
		Says:     `Ask returned "!!!!`,
		Means:    "as if another call had read into the same memory",
	},
	{
		Name:          "logs-the-answer",
		Misconception: "Whatever happens belongs in the log.",
		File:          "backoff.go",
		Find: `				return buf[:n], nil
`,
		Put: `				fmt.Fprintf(log, "The server says %q\n", buf[:n])
				return buf[:n], nil
`,
		KilledBy: "TestAskAnswered",
		Says:     "the log",
		Means:    "one line for each of its waits, and nothing else",
	},
	{
		Name:          "deadline-anew",
		Misconception: "After an error the wait begins anew.",
		File:          "backoff.go",
		Find:          "			n, err := readUntil(ctx, conn, deadline, buf)\n",
		Put:           "			if cause != os.ErrDeadlineExceeded {\n				deadline = time.Now().Add(wait)\n			}\n			n, err := readUntil(ctx, conn, deadline, buf)\n",
		KilledBy:      "TestAskIgnoresErrors",
		Says:          "client sent its datagram number 2 after 130ms; the story wants it after 100ms",
		Means:         "there it began anew",
	},
	{
		Name:          "only-refusals",
		Misconception: "A refusal is the only error that a network reports.",
		File:          "backoff.go",
		Find:          "			cause = err // a refusal, say: no answer, and no reason to hurry\n",
		Put:           "			cause = err\n			if !errors.Is(err, syscall.ECONNREFUSED) {\n				return nil, err\n			}\n",
		Import:        "syscall",
		KilledBy:      "TestAskIgnoresErrors",
		Says:          "no route to host",
		Means:         "Such an error is about one datagram, not about the socket",
	},
	{
		Name:          "failed-send-not-logged",
		Misconception: "If nothing was sent, there is nothing to wait for.",
		File:          "backoff.go",
		Find:          "			cause = err\n		}\n		fmt.Fprintf(log, \"Waiting up to %v for a reply\\n\", wait)\n",
		Put:           "			cause = err\n		} else {\n			fmt.Fprintf(log, \"Waiting up to %v for a reply\\n\", wait)\n		}\n",
		KilledBy:      "TestAskIgnoresErrors",
		Says:          "nothing was logged",
		Means:         "A send that fails counts like any other",
	},
	{
		Name:          "failed-answer-ends",
		Misconception: "An answer that can't be sent is a reason to stop serving everybody.",
		File:          "backoff.go",
		Find:          "client); errors.Is(err, net.ErrClosed) {",
		Put:           "client); err != nil {",
		KilledBy:      "TestServeDrops",
		Says:          "network is unreachable",
		Means:         "Serve ended at an error of one send",
	},
	{
		Name:          "cancelled-is-down",
		Misconception: "However Ask ends without an answer, the server is down.",
		File:          "backoff.go",
		Find:          "				return nil, fmt.Errorf(\"ask: %w\", ctx.Err())\n",
		Put:           "				return nil, fmt.Errorf(\"%w: %w\", ErrServerDown, ctx.Err())\n",
		KilledBy:      "TestAskStops",
		Says:          "the story wants it not to be",
		Means:         "Ask was ended before it could find out",
	},
}
