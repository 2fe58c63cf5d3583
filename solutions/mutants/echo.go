package mutants

var echo = []Mutant{
	{
		Name:          "first-client",
		Misconception: "A server talks to one client: whoever spoke first.",
		File:          "echo.go",
		Find: `	for {
		n, client, err := readFrom(ctx, conn, buf)
`,
		Put: `	var first net.Addr
	for {
		n, client, err := readFrom(ctx, conn, buf)
		if first == nil {
			first = client
		}
		client = first
`,
		KilledBy: "TestServeAnswersWhoAsked",
		Says:     "that went to alice",
		Means:    "not to one that was kept",
	},
	{
		Name:          "shared-buffer",
		Misconception: "Goroutines that are started with a slice have its bytes to themselves.",
		File:          "echo.go",
		Find: `		fmt.Fprintf(log, "The client at %v says %q\n", client, buf[:n])
		reply := fmt.Sprintf("Your data was %d bytes long", n)
		if _, err := conn.WriteTo([]byte(reply), client); errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("serve: %w", err)
		}
`,
		Put: `		go func() {
			conn.WriteTo(fmt.Appendf(nil, "Your data was %d bytes long", n), client)
			fmt.Fprintf(log, "The client at %v says %q\n", client, buf[:n])
		}()
`,
		KilledBy: "TestServeLogs",
		Says:     "the log lacks the line",
		Means:    "A goroutine that is given a slice of the buffer has no copy of it",
		Unsteady: true,
	},
	{
		Name:          "buffer-512",
		Misconception: "No datagram has more than 512 bytes.",
		File:          "echo.go",
		Find:          "	buf := make([]byte, maxDatagram)\n	for {",
		Put:           "	buf := make([]byte, 512)\n	for {",
		KilledBy:      "TestServeCountsBytes",
		Says:          `"Your data was 512 bytes long"`,
		Means:         "was read into a buffer of 512",
	},
	{
		Name:          "buffer-1500",
		Misconception: "No datagram is bigger than what Ethernet carries.",
		File:          "echo.go",
		Find:          "	buf := make([]byte, maxDatagram)\n	for {",
		Put:           "	buf := make([]byte, 1500)\n	for {",
		KilledBy:      "TestServeCountsBytes",
		Says:          `"Your data was 1500 bytes long"`,
		Means:         "was read into a buffer of 1500",
	},
	{
		Name:          "empty-is-end",
		Misconception: "Reading no bytes means the end, as with a file or a TCP connection.",
		File:          "echo.go",
		Find: `		fmt.Fprintf(log, "The client at %v says %q\n", client, buf[:n])
`,
		Put: `		if n == 0 {
			return io.EOF
		}
		fmt.Fprintf(log, "The client at %v says %q\n", client, buf[:n])
`,
		KilledBy: "TestServeCountsBytes",
		Says:     `Serve has returned the error "EOF"`,
		Means:    "reading 0 bytes, without an error, is neither an end nor nothing",
	},
	{
		Name:          "runes",
		Misconception: "A text is as long as it has characters.",
		File:          "echo.go",
		Find:          `"Your data was %d bytes long", n)`,
		Put:           `"Your data was %d bytes long", len([]rune(string(buf[:n]))))`,
		KilledBy:      "TestServeCountsBytes",
		Says:          `heard "Your data was 2 bytes long"`,
		Means:         "the code counts characters",
	},
	{
		Name:          "stale-tail",
		Misconception: "The buffer holds the datagram and nothing else.",
		File:          "echo.go",
		Find: `		fmt.Fprintf(log, "The client at %v says %q\n", client, buf[:n])
`,
		Put: `		fmt.Fprintf(log, "The client at %v says %q\n", client, buf)
`,
		KilledBy: "TestServeLogs",
		Says:     "the log lacks the line",
		Means:    "only the first n bytes are this datagram",
	},
	{
		Name:          "context-between-reads",
		Misconception: "Asking ctx.Err() before each read is enough to be cancellable.",
		File:          "echo.go",
		Find: `		n, client, err := readFrom(ctx, conn, buf)
		if ctx.Err() != nil {
`,
		Put: `		n, client, err := conn.ReadFrom(buf)
		if ctx.Err() != nil {
`,
		KilledBy: "TestServeStops",
		Says:     "Serve did not return at once when its context was cancelled: it waits in ReadFrom",
		Means:    "asking ctx.Err() before it is not enough",
	},
	{
		Name:          "closes-conn",
		Misconception: "Whoever uses a socket closes it.",
		File:          "echo.go",
		Find:          "	fmt.Fprintf(log, \"Listening at %v\\n\", conn.LocalAddr())\n",
		Put:           "	defer conn.Close()\n	fmt.Fprintf(log, \"Listening at %v\\n\", conn.LocalAddr())\n",
		KilledBy:      "TestServeStops",
		Says:          "server's socket should still be open",
		Means:         "belongs to its caller",
	},
	{
		Name:          "spins-on-closed",
		Misconception: "Every error is about one datagram, so the loop can always go on.",
		File:          "echo.go",
		Find: `		if errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		if err != nil {
`,
		Put: `		if err != nil {
`,
		KilledBy: "TestServeSurvives",
		Says:     "keeps calling ReadFrom of server's socket, though it has failed 10000 times in a second",
		Means:    "that error is the one that ends the loop",
	},
	{
		Name:          "failed-reply-ends",
		Misconception: "A reply that can't be sent is a reason to stop serving everybody.",
		File:          "echo.go",
		Find:          "client); errors.Is(err, net.ErrClosed) {",
		Put:           "client); err != nil {",
		KilledBy:      "TestServeSurvives",
		Says:          "network is unreachable",
		Means:         "Serve ended at an error of one send",
	},
	{
		Name:          "refusal-ends",
		Misconception: "An error from a read means that the socket is broken.",
		File:          "echo.go",
		Find:          "			continue // about one datagram, not about the socket\n",
		Put:           "			return err\n",
		KilledBy:      "TestServeSurvives",
		Says:          "connection refused",
		Means:         "Such an error is about one datagram, not about the socket",
	},
	{
		Name:          "cancelled-is-nil",
		Misconception: "Being cancelled is the normal end, so there is no error to return.",
		File:          "echo.go",
		Find: `		if ctx.Err() != nil {
			return ctx.Err()
`,
		Put: `		if ctx.Err() != nil {
			return nil
`,
		KilledBy: "TestServeStops",
		Says:     "Serve returned no error (nil)",
		Means:    "it was the context that ended the call",
	},
	{
		Name:          "deadline-left",
		Misconception: "A deadline belongs to one read, and is over with it.",
		File:          "echo.go",
		Find: `		<-interrupted
		conn.SetReadDeadline(time.Time{})
`,
		Put: `		<-interrupted
`,
		KilledBy: "TestNothingIsLeftBehind",
		Says:     "socket is left with a read deadline",
		Means:    "A deadline stays with the socket until another is set",
	},
	{
		Name:          "does-not-wait",
		Misconception: "Once stop has returned, the function that AfterFunc has started is over.",
		File:          "echo.go",
		Find: `	if !stop() {
		<-interrupted
		conn.SetReadDeadline(time.Time{})
	}
`,
		Put: `	stop()
	conn.SetReadDeadline(time.Time{})
`,
		KilledBy: "TestNothingIsLeftBehind",
		Says:     "when the call had returned already",
		Means:    "its function may still be running",
	},
	{
		Name:          "second-refusal-ends",
		Misconception: "One failed read is bad luck, two are the end.",
		File:          "echo.go",
		Find: `	buf := make([]byte, maxDatagram)
	for {
		n, client, err := readFrom(ctx, conn, buf)
		if ctx.Err() != nil {
			return ctx.Err()
		}
`,
		Put: `	buf := make([]byte, maxDatagram)
	for failures := 0; ; {
		n, client, err := readFrom(ctx, conn, buf)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failures++
		}
		if failures == 2 {
			return err
		}
`,
		KilledBy: "TestServeSurvives",
		Says:     "no route to host",
		Means:    "How many reads have failed, and with which error, does not matter",
	},
	{
		Name:          "unquoted",
		Misconception: "What a stranger sends can go to the log as it is.",
		File:          "echo.go",
		Find:          `The client at %v says %q\n`,
		Put:           `The client at %v says \"%s\"\n`,
		KilledBy:      "TestServeLogs",
		Says:          "the story wants it quoted, as %q does it",
		Means:         "it begins a new line",
	},
	{
		Name:          "reader-left",
		Misconception: "A goroutine that reads ends by itself once nobody wants its result.",
		File:          "echo.go",
		Find: `	n, _, err := readFrom(ctx, conn, buf)
`,
		Put: `	var n int
	var err error
	read := make(chan struct{})
	go func() {
		n, _, err = conn.ReadFrom(buf)
		close(read)
	}()
	select {
	case <-read:
	case <-ctx.Done():
		return "", ctx.Err()
	}
`,
		KilledBy: "TestNothingIsLeftBehind",
		Says:     "A goroutine is left over: it waits in ReadFrom",
		Means:    "The goroutine still reads",
	},
	{
		Name:          "ask-ignores-context",
		Misconception: "An answer always comes.",
		File:          "echo.go",
		Find: `	n, _, err := readFrom(ctx, conn, buf)
`,
		Put: `	n, _, err := conn.ReadFrom(buf)
`,
		KilledBy: "TestAskStops",
		Says:     "Ask did not return at once when its context was cancelled",
		Means:    "An answer may never come",
	},
	{
		Name:          "ask-buffer",
		Misconception: "Answers are as short as the ones seen so far.",
		File:          "echo.go",
		Find: `	buf := make([]byte, maxDatagram)
	n, _, err :=`,
		Put: `	buf := make([]byte, 512)
	n, _, err :=`,
		KilledBy: "TestAsk",
		Says:     "Not run, as this failed: virtual/ip6, loopback/ip4, loopback/ip6.",
		Means:    "was read into a buffer of 512",
	},
	{
		Name:          "polls",
		Misconception: "Looking at the context every few milliseconds is as good as waiting for it.",
		File:          "echo.go",
		Find: `	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		conn.SetReadDeadline(time.Unix(1, 0)) // long past: ends the read
	})
	n, from, err := conn.ReadFrom(buf)
	if !stop() {
		<-interrupted
		conn.SetReadDeadline(time.Time{})
	}
`,
		Put: `	var n int
	var from net.Addr
	err := os.ErrDeadlineExceeded
	for ctx.Err() == nil && errors.Is(err, os.ErrDeadlineExceeded) {
		conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		n, from, err = conn.ReadFrom(buf)
	}
	conn.SetReadDeadline(time.Time{})
`,
		KilledBy: "TestServeStops",
		Says:     "Serve did not return at once when its context was cancelled: it waits in ReadFrom",
		Means:    "the end of ctx has to end the read itself",
	},
	{
		Name:          "deadline-is-nil",
		Misconception: "When the deadline that was taken from ctx has passed, ctx.Err() says so already.",
		File:          "echo.go",
		Find: `	n, _, err := readFrom(ctx, conn, buf)
	if err != nil {
		return "", fmt.Errorf("ask: %w", err)
	}
`,
		Put: `	deadline, _ := ctx.Deadline()
	conn.SetReadDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Unix(1, 0)) })
	n, _, err := conn.ReadFrom(buf)
	stop()
	conn.SetReadDeadline(time.Time{})
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "", ctx.Err()
	}
	if err != nil {
		return "", fmt.Errorf("ask: %w", err)
	}
`,
		KilledBy: "TestAskStops",
		Says:     `Ask returned "" and no error (nil)`,
		Means:    "ctx.Err() was still nil",
	},
	{
		Name:          "read-error-ignored",
		Misconception: "A read that failed has read something.",
		File:          "echo.go",
		Find: `		if err != nil {
			continue // about one datagram, not about the socket
		}
`,
		Put:      "",
		KilledBy: "TestServeSurvives",
		Says:     "the log",
		Means:    "a read that failed has brought none",
	},
	{
		Name:          "ask-hides-error",
		Misconception: "No answer is an empty answer.",
		File:          "echo.go",
		Find: `	n, _, err := readFrom(ctx, conn, buf)
	if err != nil {
		return "", fmt.Errorf("ask: %w", err)
	}
`,
		Put: `	n, _, err := readFrom(ctx, conn, buf)
	if err != nil && ctx.Err() != nil {
		return "", fmt.Errorf("ask: %w", err)
	}
`,
		KilledBy: "TestAsk",
		Says:     `Ask returned "" and no error (nil); the story wants syscall.ECONNREFUSED`,
		Means:    "That is not an empty answer",
	},
	{
		Name:          "handlers-left",
		Misconception: "A goroutine that answers one datagram is over so soon that nobody need wait for it.",
		File:          "echo.go",
		Find: `		reply := fmt.Sprintf("Your data was %d bytes long", n)
		if _, err := conn.WriteTo([]byte(reply), client); errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("serve: %w", err)
		}
`,
		Put: `		reply := fmt.Sprintf("Your data was %d bytes long", n)
		go func() { conn.WriteTo([]byte(reply), client) }()
`,
		KilledBy: "TestNothingIsLeftBehind",
		Says:     "A goroutine is left over: it waits in WriteTo",
		Means:    "while a goroutine of its own was still at work in WriteTo",
	},
	{
		Name:          "quoted-ascii",
		Misconception: "Quoting means escaping everything that is not ASCII.",
		File:          "echo.go",
		Find:          `The client at %v says %q\n`,
		Put:           `The client at %v says %+q\n`,
		KilledBy:      "TestServeLogs",
		Says:          "the log lacks the line",
		Means:         "%q leaves those alone that can be printed",
	},
	{
		Name:          "package-channel",
		Misconception: "A channel in a package-level variable serves every call.",
		File:          "echo.go",
		Find:          "func Serve(ctx context.Context, conn net.PacketConn, log io.Writer) error {\n",
		Put: `var serving chan int

func Serve(ctx context.Context, conn net.PacketConn, log io.Writer) error {
	if serving == nil {
		serving = make(chan int, 1000)
	}
	serving <- 1
`,
		KilledBy: "TestServeAnswers",
		Says:     "it uses a channel that an earlier story made (keep no channel in a package-level variable)",
		Means:    "keep no channel in a package-level variable",
		Total:    true,
	},
}
