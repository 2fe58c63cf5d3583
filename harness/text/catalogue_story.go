package text

// storySentences are what package harness says of a story.
var storySentences = []Text{
	// What a call returned, or did not.
	{"%s did not return: %s.", "%s 沒有回傳：%s。"},
	{"%s did not return at once when its context was cancelled: %s.", "context 被取消時，%s 沒有馬上回傳：%s。"},
	{
		"%s did not return, though its context is cancelled and its socket closed: %s.",
		"context 已經取消，socket 也關閉了，%s 還是沒有回傳：%s。",
	},
	{
		"%s ended its goroutine with runtime.Goexit instead of returning.",
		"%s 沒有回傳，而是用 runtime.Goexit 結束了自己的 goroutine。",
	},
	{"%s panicked: %v", "%s 發生 panic：%v"},
	{
		"The story did not come to its end: runtime.Goexit ended its goroutine, as FailNow and SkipNow of a " +
			"testing.T do.",
		"故事沒有講完：它的 goroutine 被 runtime.Goexit 結束了，就像 testing.T 的 FailNow 和 SkipNow 那樣。",
	},
	{"The story", "故事"},
	{"%s returned %s; the story wants %s.", "%s 回傳了 %s；故事要的是 %s。"},
	{"%s returned the error %s; the story wants no error.", "%s 回傳了錯誤 %s；故事要的是沒有錯誤。"},
	{"%s returned the error %s; the story wants %s and no error.", "%s 回傳了錯誤 %s；故事要的是 %s，而且沒有錯誤。"},
	{"%s returned the error %s; %s must be true.", "%s 回傳了錯誤 %s；%s 應為 true。"},
	{"%s returned the error %s; %s must be false.", "%s 回傳了錯誤 %s；%s 應為 false。"},
	{"%s returned the error %s; the story wants it to name %s.", "%s 回傳了錯誤 %s；故事要它的文字裡有 %s。"},
	{
		"%s returned %s beside the error %s; the story wants %s there.",
		"%s 和錯誤 %[3]s 一起回傳的是 %[2]s；故事要的是 %[4]s。",
	},
	{
		"%s returned a socket at %v beside the error %s; the story wants none there.",
		"%s 和錯誤 %[3]s 一起回傳了開在 %[2]v 的 socket；有錯誤的時候，故事要的是沒有 socket。",
	},
	{
		"%s returned a %s beside the error %s; the story wants no socket there.",
		"%s 和錯誤 %[3]s 一起回傳了一個 %[2]s；有錯誤的時候，故事要的是沒有 socket。",
	},
	{"%s %s; the story wants %s.", "%s %s；故事要的是：%s。"},
	{"opened a socket at %v", "把 socket 開在 %v"},
	{"returned no error (nil)", "沒有回傳錯誤（nil）"},
	{"returned %s and no error (nil)", "回傳了 %s，沒有錯誤（nil）"},
	{"an error", "一個錯誤"},
	{"%s or %s", "%s 或 %s"},
	{"%s returned after %v; the story wants it after %v.", "%s 在開始後 %v 回傳；依照故事，應在開始後 %v 回傳。"},

	// What the code was lent for it to open, to read and to write.
	{
		"The code has asked for %d socket(s) by now; the story wants %d.",
		"到現在為止，程式要了 %d 個 socket；故事要的是 %d 個。",
	},
	{"The file %q should be closed by now, and is still open.", "檔案 %q 現在應該已經關閉了，卻還開著。"},
	{"The file %q was opened; the story wants it not to be.", "檔案 %q 被打開了；依照故事，不應該打開它。"},
	{
		"%d bytes were written, %s; the story wants %d bytes, %s.",
		"寫進去了 %d 個位元組：%s；故事要的是 %d 個位元組：%s。",
	},

	{
		"%s heard %s from %s%s; the story wants a datagram such as %s.",
		"%s 收到 %[3]s 送來的 %[2]s%[4]s；故事要的是像 %[5]s 這樣的資料包。",
	},
	{"the story wants one such as %s", "故事要的是像 %s 這樣的"},
	{"%s still waits for one such as %s", "%s 還在等像 %s 這樣的"},
	{
		"%s waited for a datagram such as %s from %s and heard nothing.",
		"%s 等 %[3]s 送來像 %[2]s 這樣的資料包，卻什麼都沒收到。",
	},

	// What a goroutine is about. What stands for it in a sentence is a predicate.
	{"%s at %s", "%s（%s）"},
	{"%s, started at %s", "%s（在 %s 啟動）"},
	{"%s, started in %s", "%s（由 %s 啟動）"},
	{"is one of so many that nobody can look at all of them", "數量太多，沒辦法一一查看"},
	{"it %s", "它%s"},
	{"it has returned by now", "它現在已經回傳了"},
	{"it has not started", "它還沒開始"},
	{"is running", "還在跑"},
	{"waits in %s", "在 %s 裡等"},
	{"waits to receive from a channel", "在等著從 channel 接收"},
	{"waits to send on a channel", "在等著送進 channel"},
	{"waits in a select", "在 select 裡等"},
	{"waits for a mutex", "在等 mutex"},
	{"waits for a WaitGroup", "在等 WaitGroup"},
	{"waits for a sync.Cond", "在等 sync.Cond"},
	{"sleeps", "在 time.Sleep 裡等"},
	{"waits for input", "在等輸入"},
	{"waits (%s)", "在等（%s）"},
	{"The code %s and never waits.", "程式%s，從來不等。"},
	{
		"The code %s, again and again: this story has waited %v for that in all. Nothing here takes so long.",
		"程式一再%s：這個故事為此一共等了 %v。這裡沒有事需要這麼久。",
	},
	{"The code %s, and time stands still.", "程式%s，時間停住了。"},
	{
		"The code %s, and time stands still. Hold no mutex while you wait for something else.",
		"程式%s，時間停住了。在等別的東西的時候，不要鎖著 mutex。",
	},
	{
		"The code %s, and time stands still. Use the socket that you were given.",
		"程式%s，時間停住了。請用交給你的那個 socket。",
	},
	{
		"The code %s, and time stands still. Keep no channel in a package-level variable.",
		"程式%s，時間停住了。不要把 channel 放在套件層級的變數裡。",
	},
	{
		"The code keeps calling %s of %s's socket, though it has failed %d times in a second: %v.",
		"程式一直呼叫 %[2]s 的 socket 的 %[1]s，明明一秒之內已經失敗了 %[3]d 次：%[4]v。",
	},
	{
		"The code keeps calling %s of %s's socket, though that is closed: it has failed %d times in a second.",
		"程式一直呼叫 %[2]s 的 socket 的 %[1]s，明明它已經關閉：一秒之內已經失敗了 %[3]d 次。",
	},
	{
		"A goroutine of %s, which was stuck before this, may still hold the mutex: put that right first.",
		"先前卡住的 %s 還有 goroutine，可能仍握著這個 mutex：先改好那一個。",
	},
	{
		"Meanwhile another goroutine %s: see whether it holds the mutex.",
		"這段時間裡，另一個 goroutine %s：看看是不是它握著 mutex。",
	},
	{"The story stands still, and the harness can't say why.", "故事停住了，測試也說不出為什麼。"},
	{"%s fails too: %s", "%s 也失敗了：%s"},
	{"-run %q is the name of no test. This lesson's are %s.\n", "沒有測試叫做 -run 指定的 %q。這一課的是 %s。\n"},
	{"All %d tasks pass.\n", "%d 個任務全部通過。\n"},
	{"%d of %d tasks pass; next: %s\n", "%[2]d 個任務通過了 %[1]d 個；下一個：%[3]s\n"},
	{
		"%d of %d tasks pass; skipped: %d (go test -v says why)\n",
		"%[2]d 個任務通過了 %[1]d 個；跳過：%[3]d 個（go test -v 會說為什麼）\n",
	},
	{
		"%d of %d tasks pass; skipped: %d (go test -v says why); next: %s\n",
		"%[2]d 個任務通過了 %[1]d 個；跳過：%[3]d 個（go test -v 會說為什麼）；下一個：%[4]s\n",
	},
	{"The story gave up.", "故事講不下去了。"},
	{"not run: the code of %s is still running in this process", "沒有執行：%s 的程式還在這個行程（process）裡跑"},

	// What participants heard.
	{"%s waited for %s from %s and heard nothing%s.", "%s 等 %[3]s 送來 %[2]s，卻什麼都沒收到%[4]s。"},
	{"; that went to %s%s", "；那個資料包送給了 %s%s"},
	{" (sent at %s)", "（在 %s 送出）"},
	{"%s heard %s from %s; the story wants %s from %s.", "%s 收到 %[3]s 送來的 %[2]s；故事要的是 %[5]s 送來的 %[4]s。"},
	{"%s waited for a datagram from %s and heard nothing.", "%s 等 %s 送資料包來，卻什麼都沒收到。"},
	{"%s heard %s from %s; the story wants a datagram from %s.",
		"%s 收到 %[3]s 送來的 %[2]s；故事要的是 %[4]s 送來的資料包。"},
	{"%s heard %s from %s%s; the story wants %s.", "%s 收到 %[3]s 送來的 %[2]s%[4]s；故事要的是 %[5]s。"},
	{
		"%s heard one datagram more than the story wants: %s from %s%s.",
		"%s 比故事要的多收到一個資料包：%[3]s 送來的 %[2]s%[4]s。",
	},
	{"%v, which is no socket of this story", "%v（不是這個故事裡的 socket）"},
	{"%s or one of %d others", "%s 或另外 %d 個的其中一個"},
	{"%s did not read %s from %s.", "%s 沒有讀 %[3]s 送來的 %[2]s。"},
	{
		"%s's socket does not hear what the harness sends there: does the code still read from it?",
		"測試送東西到 %s 的 socket，它卻收不到：程式是不是還在讀它？",
	},
	{"%s could not send %s: %v.", "%s 送不出 %s：%v。"},

	// What is said of a datagram on the wire.
	{"%s still waits for %s", "%s 還在等 %s"},
	{"%s still waits for a datagram", "%s 還在等資料包"},
	{"the story wants a datagram from %s", "故事要的是 %s 送來的資料包"},
	{"the story wants %s from %s", "故事要的是 %[2]s 送來的 %[1]s"},
	{"the story wants %s", "故事要的是 %s"},
	{"the story wants it after %v", "依照故事，應在開始後 %v 送出"},
	{"the story wants silence here", "故事要的是這時不再送"},
	{"the story wants silence here, or one such as %s", "故事要的是這時不再送，或送像 %s 這樣的"},
	{"the next one was due after %v", "下一個該在開始後 %v 送出"},
	{"one more than the story wants", "比故事要的多了這一個"},
	{"this should have gone to %s", "這應該送給 %s"},
	{"lost on its way", "途中遺失"},
	{"a router tells %s: the next link carries %d", "路由器告訴 %s：下一段鏈路的 MTU 是 %d"},
	{
		"dropped by a router: a packet of %d bytes, and the next link carries %d",
		"被路由器丟掉：封包有 %d 個位元組，下一段鏈路的 MTU 是 %d",
	},

	// What sockets sent, and how they were left.
	{
		"%s sent once more after %v; the story wants it to send no more than %d time(s).",
		"%s 在開始後 %v 又送了一次；故事最多只要它送 %d 次。",
	},
	{
		"%s sent once more after %v; the story wants silence from %v on.",
		"%s 在開始後 %v 又送了一次；故事要的是從 %v 起不再送。",
	},
	{
		"%s sent %s after %v; from %v on, the story wants it to send nothing, unless such as %s.",
		"%s 送了 %s，是在開始後 %v；故事要的是從 %v 起什麼都不送，除非是像 %s 這樣的。",
	},
	{
		"%s sent its datagram number %d after %v; the story wants it after %v.",
		"%s 的第 %d 個資料包，在開始後 %v 送出；依照故事，應在開始後 %v 送出。",
	},
	{
		"%s sent its datagram number %d early, after %v; the story wants it after %v.",
		"%s 的第 %d 個資料包送得太早，在開始後 %v；依照故事，應在開始後 %v 送出。",
	},
	{
		"%s sent %d of the %d times that the story wants; the next one was due after %v.",
		"%s 送了 %d 次，故事要的是 %d 次；下一次該在開始後 %v。",
	},
	{"read", "讀取"},
	{"write", "送出"},

	// What is wrong with the log.
	{"%s begins with the line\n    %s\nand the story wants\n    %s", "%s的第一行是\n    %s\n故事要的是\n    %s"},
	{
		"%s holds a datagram as it came:\n    %s\nand the story wants it quoted, as %%q does it:\n    %s",
		"%s裡的資料包內容是照原樣寫進去的：\n    %s\n故事要的是加上引號，像 %%q 那樣：\n    %s",
	},
	{
		"%s holds a datagram as it came, here with the number of each byte that can't be printed:\n    %s\n" +
			"and the story wants it quoted, as %%q does it:\n    %s",
		"%s裡的資料包內容是照原樣寫進去的，其中印不出來的位元組在這裡寫成數字：\n    %s\n" +
			"故事要的是加上引號，像 %%q 那樣：\n    %s",
	},
	{
		"%s was given %s, which does not end its line: write each line whole, with its \\n, in one Write",
		"%s收到 %s，這一行沒有寫完：整行文字和行尾的 \\n，要在同一次 Write 裡寫",
	},
	{"%s was given an empty line at the end of %s", "%s收到 %s，最後多了一個空行"},
	{
		"%s was given several lines in one Write, %s: give each line a Write of its own",
		"%s在一次 Write 裡收到好幾行，%s：每一行要各用一次 Write",
	},
	{"nothing is in %s; the story wants the line\n    %s", "%s裡什麼都沒有；故事要的是這一行\n    %s"},
	{"%s lacks the line\n    %s%s", "%s裡少了這一行\n    %s%s"},
	{
		"%s has this line %s; the story wants it %s:\n    %s%s",
		"%s裡，這一行有 %s，故事要 %s：\n    %s%s",
	},
	{"the log", "log "},
	{"the test's record", "測試的紀錄"},
	{"once", "1 次"},
	{"twice", "2 次"},
	{"%d times", "%d 次"},
	{
		"after %v %s lacked the line\n    %s\nwhich came after %v, with %d more than are wanted by then",
		"到了 %v，%s裡還沒有這一行\n    %s\n它到 %v 才來，而且還多了 %d 行這時不該有的",
	},
	{"%s holds a line too many:\n    %s", "%s裡多了一行：\n    %s"},
	{"\nbut holds\n    %s", "\n卻有這一行\n    %s"},
	{
		"\nbut holds it with blanks at an end, here as a Go string:\n    %q",
		"\n卻有這一行，只是開頭或結尾多了空白（這裡寫成 Go 的字串）：\n    %q",
	},

	// What sockets the code opened.
	{"%s opened a socket at %v; the story wants %v.", "%s 把 socket 開在 %v；故事要的是 %v。"},
	{
		"%s opened a socket at %v, which is all addresses of this computer; the story wants %v.",
		"%s 把 socket 開在 %v，也就是這台電腦的所有位址；故事要的是 %v。",
	},
	{"%v and any port", "%v，連接埠不限"},
	{
		"%s opened a socket that is connected to %v; the story wants one that is not.",
		"%s 開的 socket 已連接到 %v；故事要的是沒有連接的。",
	},
	{"%s opened a socket that is connected to %v; the story wants %v.", "%s 開的 socket 已連接到 %v；故事要的是 %v。"},
	{
		"%s opened a socket that is not connected; the story wants it connected to %v.",
		"%s 開的 socket 沒有連接；故事要的是已連接到 %v 的。",
	},
	{
		"%s returned the error %s; the story wants a socket and no error.",
		"%s 回傳了錯誤 %s；故事要的是 socket，而且沒有錯誤。",
	},
	{
		"%s returned neither a socket nor an error; the story wants a socket.",
		"%s 沒有回傳 socket，也沒有回傳錯誤；故事要的是 socket。",
	},
	{
		"%s returned a %s; the story wants a UDP socket as package net opens it, a *net.UDPConn.",
		"%s 回傳的是 %s；故事要的是套件 net 開的 UDP socket，也就是 *net.UDPConn。",
	},
	{
		"%s returned the same socket as before, %s's; the story wants another one.",
		"%s 回傳的 socket 和之前的是同一個，就是 %s 的；故事要的是另外一個。",
	},
	{
		"%s returned a blocking socket, and no deadline or Close ends its reads any more.",
		"%s 回傳的 socket 變成阻塞的了，不管是截止時間還是 Close，都結束不了它的讀取。",
	},
	{
		"%s returned a socket that is closed already; the story wants to use it.",
		"%s 回傳的 socket 已經關閉了；故事還要用它。",
	},
	{"%s returned a %T that can't be used: %v.", "%s 回傳了一個不能用的 %T：%v。"},
	{
		"%s opened a socket whose option %s is %d; package net leaves it at %d.",
		"%s 開的 socket，選項 %s 是 %d；net 套件開的是 %d。",
	},
	{
		"%s has left a socket open that it did not return (%s); the story wants none.",
		"%s 留了一個 socket 沒有關閉，也沒有回傳（%s）；故事要的是一個都不留。",
	},
	{
		"%s has left %d sockets open that it did not return (%s); the story wants none.",
		"%s 留了 %d 個 socket 沒有關閉，也沒有回傳（%s）；故事要的是一個都不留。",
	},
	{
		"%s did not run alone, so nobody knows which sockets it has left.",
		"%s 執行的時候還有別的呼叫，所以看不出它留下了哪些 socket。",
	},
	{"at %v", "在 %v"},
	{"not bound to a port", "還沒有連接埠"},
	{
		"%s returned a socket with a deadline that has passed; the story wants none.",
		"%s 回傳的 socket 上有一個已經過了的截止時間；故事要的是沒有截止時間。",
	},
	{
		"A socket can be opened at %v, which the story takes for impossible.",
		"在 %v 可以開 socket，故事以為不行。",
	},
	{
		"It took until %v after the story's beginning; the story wants all of that after %v.",
		"一直到故事開始後 %v 才好；故事要的是在 %v 全部做完。",
	},
	{"The socket of %s can't be used: %v.", "%s 的 socket 不能用：%v。"},
	{
		"%s is at port %d, which the system did not choose: it chooses from %d to %d.",
		"%s 在連接埠 %d 上，這不是系統挑的：系統挑的是從 %d 到 %d。",
	},

	// What options sockets have.
	{
		"The socket at %v is closed, and its port is still taken: the code has made a copy of the socket, and not " +
			"closed it.",
		"%v 的 socket 已經關閉，連接埠卻還被占用：程式複製了 socket，複製的沒有關閉。",
	},
	{"%s may not broadcast: its option SO_BROADCAST is 0.", "%s 沒有廣播的許可：它的選項 SO_BROADCAST 是 0。"},
	{
		"The option %s of %s's socket is %d; the story wants %d.",
		"%s 這個選項在 %s 的 socket 上是 %d；故事要的是 %d。",
	},
	{"%s can't be asked for an option: %v.", "問不到 %s 的選項：%v。"},

	// What the student's code is about, and what else a message says.
	{"Most likely: ", "最可能："},
	{"Your code: ", "你的程式："},
	{"Went well: ", "已經做對："},
	{"%s %s.", "%s %s。"},
	{"A goroutine %s.", "有一個 goroutine %s。"},
	{"%s has returned the error %s.", "%s 已經回傳了錯誤 %s。"},
	{"%s has returned, without an error.", "%s 已經回傳，沒有錯誤。"},
	{"A call of %s", "有一次呼叫的 %s"},
	{"A read of %s's socket failed, as the story wants: %v.", "%s 的 socket 有一次讀取失敗，是測試故意的：%v。"},
	{"%s's socket has reported \"connection refused\".", "%s 的 socket 已經回報「connection refused」。"},
	{"%s's socket was closed at %s.", "%s 的 socket 在 %s 被關閉了。"},
	{"%s's socket has a read deadline, set at %s.", "%s 的 socket 上有讀取的截止時間，是 %s 設的。"},
	{"%s's socket has a write deadline, set at %s.", "%s 的 socket 上有送出的截止時間，是 %s 設的。"},
	{"It can't be stopped, so the tests after this one are skipped.", "它停不下來，所以後面的測試都跳過了。"},
	{
		"%s panicked: it takes a socket that it was given for a %s, and that is only one of those that may come. Use " +
			"what its interface has, without a type assertion.",
		"%s 發生 panic：它把交給它的 socket 當成 %s，但那只是可能交來的其中一種。請用介面裡有的東西，不要用型別斷言。",
	},
	{
		"(What the code sends on %s by itself is seen only where it arrives.)",
		"（程式自己用 %s 送出的東西，要送到了才看得到。）",
	},
	{"Not run, as this failed: %s.", "這裡失敗了，所以沒有跑：%s。"},
	{"Capture: %s", "封包擷取檔：%s"},
	{
		"The same again: %s go test ./lessons/%s/ -run '^%s$'",
		"照樣再跑一次：%s go test ./lessons/%s/ -run '^%s$'",
	},
	{"Next: read lessons/%s/%s, section %s.", "接下來：請讀 lessons/%s/%s 的 %s 那一節。"},

	// What a machine did not let the harness do.
	{"%v.", "%v。"},
	{"No socket for the harness: %v.", "測試自己開不了 socket：%v。"},
	{"No socket for %s: %v.", "%s 的 socket 開不起來：%v。"},
	{"No TCP listener: %v.", "沒辦法用 TCP 監聽：%v。"},
	{"No address for the code's own sockets: %v.", "程式自己要開的 socket 沒有位址可用：%v。"},
	{"No fence could be sent to %s: %v.", "測試要確認 %s 收到了什麼，資料包卻送不出去：%v。"},
	{"This computer has no free port: %v.", "這台電腦沒有空著的連接埠：%v。"},
	{"%s can't be broken: %v.", "沒辦法把 %s 弄壞：%v。"},
	{"The permission to broadcast can't be taken away: %v.", "沒辦法拿走廣播的許可：%v。"},
	{"No router: %v.", "造不出路由器：%v。"},
	{"%s's socket is closed; the story wants it open.", "%s 的 socket 已經關閉；故事要的是開著的。"},
	{
		"No error has come back to %s, so nothing was sent from it; the story wants that.",
		"沒有錯誤回到 %s，可見沒有從它送出任何東西；故事要的是送出。",
	},
	{
		"Nothing that is too big for the path was sent from %s; the story wants that.",
		"沒有從 %s 送出對路徑來說太大的東西；故事要的是送出。",
	},
	{"No error has come back to %s (%v).", "沒有錯誤回到 %s（%v）。"},
	{"No router told that the path's MTU is %d; it is %d.", "沒有路由器來說路徑的 MTU 是 %d；系統知道的是 %d。"},
	{"The story can't go back: it is %v already, and not %v.", "故事沒辦法倒回去：現在已經是 %v，不是 %v。"},
	{"No network %s: %v.", "造不出網路 %s：%v。"},
	{"%v is no socket that the story has opened for the code.", "%v 不是故事為程式開的 socket。"},
	{"No pipe to the lab: %v.", "開不了通往 lab 的 pipe：%v。"},
	{"The lab's process did not start: %v.", "lab 的行程（process）沒有跑起來：%v。"},
	{
		"The story holds, but its process ended with %v; see above.",
		"故事要的都有了，它的行程（process）卻以 %v 結束；請看上面。",
	},
	{
		"The process ended in the middle of the story, with %v; see above.",
		"故事講到一半，行程（process）就以 %v 結束了；請看上面。",
	},
	{
		"The process ended in the middle of the story, as os.Exit does; see above.",
		"故事講到一半，行程（process）就結束了，像是 os.Exit 造成的；請看上面。",
	},
	{"The code's process does nothing, and does not answer.", "程式的行程（process）什麼也不做，也不回答。"},
	{"The code's process is of no use any more, as it %s.", "程式的行程（process）不能再用了：%s。"},
	{"The code's process ended with %s, as os.Exit does.", "程式的行程（process）以 %s 結束，像是 os.Exit 造成的。"},
	{
		"The code's process ended with %s: it uses a channel that an earlier story made (keep no channel in a " +
			"package-level variable).",
		"程式的行程（process）以 %s 結束：它用了先前的故事建立的 channel（不要把 channel 放在套件層級的變數裡）。",
	},
	{"The code's process ended with %s: %s.", "程式的行程（process）以 %s 結束：%s。"},
}
