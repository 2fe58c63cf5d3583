package text

// diagnosisSentences are what package diagnosis says.
var diagnosisSentences = []Text{
	// Datagrams.
	{
		"A datagram of %d bytes was read into a buffer of %d: the system throws the rest away, without an error. A " +
			"datagram can have up to 65,507 bytes, on IPv6 65,527, so give the buffer 65,535.",
		"有一個 %d 個位元組的資料包，讀進了 %d 個位元組的緩衝區：剩下的被系統丟掉，而且沒有錯誤。資料包最大可以有 " +
			"65,507 個位元組，在 IPv6 上是 65,527，所以緩衝區請給 65,535。",
	},
	{
		"A datagram was longer than the buffer that it was read into: Windows makes such a read fail, and throws the " +
			"rest away. A datagram can have up to 65,507 bytes, on IPv6 65,527, so give the buffer 65,535.",
		"有一個資料包比讀取用的緩衝區還長：在 Windows 上，這樣的讀取會失敗，剩下的則被丟掉。資料包最大可以有 " +
			"65,507 個位元組，在 IPv6 上是 65,527，所以緩衝區請給 65,535。",
	},
	{
		"The answer for %s went to %s. Send each answer to the address that ReadFrom returned together with that " +
			"datagram, not to one that was kept.",
		"要給 %s 的答覆送給了 %s。每個答覆都要送到 ReadFrom 和那個資料包一起回傳的位址，不要送到先前留著的位址。",
	},
	{
		"%s is %d characters and %d bytes: the code counts characters. len of a string or a []byte counts bytes.",
		"%s 是 %d 個字、%d 個位元組：程式算的是字。對字串或 []byte 用 len，算的才是位元組。",
	},
	{
		"%s was sent there %d times. UDP repeats nothing by itself, and the code was to send it once.",
		"%s 往那裡送了 %d 次。UDP 自己不會重送，而程式只該送一次。",
	},
	{
		"%s got an answer, and the story wants none: the code sends more than it was told to.",
		"%s 收到了答覆，故事卻不要這個答覆：程式送的比該送的多。",
	},
	{
		"The last datagram that %s read is empty. That is a datagram like others: reading 0 bytes, without an error, " +
			"is neither an end nor nothing.",
		"%s 最後讀到的是空的資料包。它和其他資料包一樣算數：讀到 0 個位元組而沒有錯誤，不代表結束，" +
			"也不代表什麼都沒來。",
	},
	{
		"The last datagram that %s read is empty. That is a datagram like others: either the code takes 0 bytes, " +
			"without an error, for nothing, or it goes by what a datagram says.",
		"%s 最後讀到的是空的資料包，它和其他資料包一樣算數。程式不是把「讀到 0 個位元組、沒有錯誤」當成什麼都沒來，" +
			"就是看內容來決定。",
	},

	// Instants.
	{
		"The code sent something else at once, after %v. The story wants nothing more then.",
		"程式在 %v 的時候馬上又送了別的。這時故事不要它再送什麼。",
	},
	{
		"%s ended as soon as it had read %s from %s, with the error %q. Such a datagram may come, and is no reason " +
			"to end.",
		"%s 一讀到 %[3]s 送來的 %[2]s 就結束了，錯誤是 %[4]q。這種資料包本來就可能來，不是結束的理由。",
	},
	{
		"The code sent again at once, without a wait. Each send is followed by its whole wait, whatever error comes " +
			"in between.",
		"程式沒有等，馬上又送了一次。每次送出之後，都要把該等的時間等完，不管中間遇到什麼錯誤。",
	},
	{
		"Every wait is %v long. Each one has to be twice as long as the one before.",
		"每次都等 %v。每一次都要等前一次的兩倍久。",
	},
	{
		"Each wait is %v longer than the one before: the waits grow, but they do not double.",
		"每次都比前一次多等 %v：等待時間變長了，卻不是加倍。",
	},
	{
		"Wait number %d is %v long, a little shorter than %v. A wait lasts to its end, or until the answer comes.",
		"第 %d 次等了 %v，比 %v 短一點。要等到時間結束，或是答覆來了為止。",
	},
	{
		"The wait began anew when a datagram came, after %v: it ended %v later, and has to end after %v. What comes " +
			"meanwhile moves no deadline: set it once for each wait.",
		"開始後 %v 有資料包進來，等待就重新開始了：又過了 %v 才結束，應該在開始後 %v 結束。等待期間不管來什麼，" +
			"都不能移動期限：每次等待只設定一次。",
	},
	{"Wait number %d is %v long, and has to be %v.", "第 %d 次等了 %v，應該要等 %v。"},
	{
		"The code sent once and never again: each send gets a wait, with a deadline of its own, and after the wait " +
			"comes the next send.",
		"程式送了一次，就沒有再送：每次送出之後都要等一段時間，用它自己的截止時間，等完就送下一次。",
	},

	// The log, and what is passed on.
	{
		"A line speaks of a datagram from nobody: a read that failed has brought none. Look at the error first.",
		"有一行寫的資料包沒有傳送端：失敗的讀取什麼都沒有讀到。先看錯誤。",
	},
	{
		"The text goes on with what the buffer still holds of an older datagram: of the buffer, only the first n " +
			"bytes are this datagram, buf[:n].",
		"文字的後面接著緩衝區裡舊資料包剩下的內容：緩衝區裡，只有前 n 個位元組是這個資料包，也就是 buf[:n]。",
	},
	{
		"Characters that are not ASCII are escaped, as %%+q does it. %%q leaves those alone that can be printed.",
		"不是 ASCII 的字被寫成了代碼，像 %%+q 那樣。%%q 則會把印得出來的字照原樣留著。",
	},
	{
		"The blanks at the ends of a text belong to it: pass it on as it came.",
		"文字開頭和結尾的空白也是內容：來的是什麼，就原封不動交出去。",
	},
	{"A line stands there once too often: one datagram, one line.", "有一行多出現了一次：一個資料包，一行。"},
	{
		"A line stands there once too often, but %s was sent there %d times, and one datagram has one line. UDP " +
			"repeats nothing by itself, and the code was to send it once.",
		"有一行多出現了一次，可是 %s 送到那裡 %d 次，而一個資料包就有一行。UDP 自己不會重送，程式本來只該送一次。",
	},

	// When the code ends, and what it leaves behind.
	{
		"%s ended at an error of one read, %q. Such an error is about one datagram, not about the socket: the next " +
			"read can bring one. Only a closed socket, or the end of ctx, is the end.",
		"%s 遇到一次讀取的錯誤 %q 就結束了。這種錯誤說的是某一個資料包的事，不是 socket 的事：" +
			"下一次讀取還是可能讀到東西。只有 socket 關閉或 ctx 結束，才該結束。",
	},
	{
		"%s ended at an error of one send, %q. It says nothing about the next one: go on.",
		"%s 遇到一次送出的錯誤 %q 就結束了。這不代表下一次也會失敗：請繼續。",
	},
	{
		"%s ended at \"connection refused\". That says that nobody listens there now; the server may be back for the " +
			"next send.",
		"%s 遇到「connection refused」就結束了。它說的是現在沒有程式在那裡監聽；下次送的時候，伺服器可能已經回來了。",
	},
	{
		"A read knows nothing of a context, and asking ctx.Err() before it is not enough. Something has to end the " +
			"read that waits: let context.AfterFunc set a deadline that is long past.",
		"讀取不認得 context，在讀之前看 ctx.Err() 也不夠。要有什麼來結束正在等的讀取：讓 context.AfterFunc " +
			"來設一個早就過去的截止時間。",
	},
	{
		"Nothing ends a time.Sleep. Wait in a read that the end of ctx ends, or in a select with ctx.Done().",
		"沒有什麼能結束 time.Sleep。請在 ctx 一結束就會結束的讀取裡等，或是在有 ctx.Done() 的 select 裡等。",
	},
	{
		"A socket that a function was given belongs to its caller, who may go on with it: don't close it, and not " +
			"in a defer either, which runs at the return. If that was to end a read: a deadline that is long past " +
			"does so too, and can be taken back.",
		"交給函式的 socket 屬於呼叫端，對方可能還要用：不要關閉它，也不要用 defer 關閉，那會在 return 時執行。" +
			"如果是為了結束讀取：用早就過去的截止時間也可以，而且之後可以清除。",
	},
	{
		"The goroutine still reads, and would take the next datagram away from whoever uses the socket then. End its " +
			"read by a deadline that is long past, and wait until it has returned.",
		"這個 goroutine 還在讀，之後不管誰用這個 socket，下一個資料包都會被它拿走。用早就過去的截止時間結束它的讀取，" +
			"並且等它回傳。",
	},
	{
		"The function returned while a goroutine of its own was still at work in %s. Count them with a " +
			"sync.WaitGroup, and wait for the last.",
		"函式回傳的時候，它自己的 goroutine 還在 %s 裡忙。用 sync.WaitGroup 來數，等到最後一個做完。",
	},
	{
		"A timer or a sleep goes on by itself. Stop it, or end its goroutine, before you return.",
		"計時器或 sleep 會自己繼續下去。回傳之前，要把它停掉，或是結束它的 goroutine。",
	},

	// Results.
	{
		"The deadline that ctx tells had passed, and the read ended for it, but ctx.Err() was still nil: a context " +
			"is done a moment later. Don't return ctx.Err() where it may be nil.",
		"ctx 說的截止時間到了，讀取也因此結束了，可是那時 ctx.Err() 還是 nil：context 要再晚一點點才結束。ctx.Err() " +
			"可能是 nil 的時候，不要回傳它。",
	},
	{
		"Whoever calls has to see that it was the context that ended the call: return ctx.Err(), or an error that " +
			"wraps it. nil says that all went well.",
		"要讓呼叫端看得出來，是 context 結束了這次呼叫：回傳 ctx.Err()，或是包住它的錯誤。回傳 nil 就等於宣稱成功。",
	},

	{
		"%s asked %s, and took the answer from %s, though not %s from %s. So it seems to go by what a datagram says. " +
			"Anybody can say the same: go by who has sent it.",
		"%s 問的是 %s，卻把 %s 送的當成答覆；%[5]s 送的 %[4]s 則沒有。所以看來它看的是資料包的內容。" +
			"內容誰都能照著說：要看的是誰送的。",
	},
	{
		"%s asked %s, and took the answer from %s, who has the same IP address and another port. Either the code " +
			"does not look at who has sent a datagram, or it compares only the IP addresses, or it takes whoever " +
			"writes first for the one it asked.",
		"%s 問的是 %s，卻把 %s 送的當成答覆；兩者的 IP 位址相同，連接埠不同。程式可能沒有看資料包是誰送的，" +
			"可能只比了 IP 位址，也可能誰先送就當成是問的對象。",
	},
	{
		"%s asked %s, and took the answer from %s, who has the same port at another IP address. Either the code does " +
			"not look at who has sent a datagram, or it compares only the ports, or it takes whoever writes first " +
			"for the one it asked.",
		"%s 問的是 %s，卻把 %s 送的當成答覆；兩者的連接埠相同，IP 位址不同。程式可能沒有看資料包是誰送的，" +
			"可能只比了連接埠，也可能誰先送就當成是問的對象。",
	},
	{
		"%s asked %s, and took the answer from %s: look at who has sent a datagram.",
		"%s 問的是 %s，卻把 %s 送的當成答覆：要看資料包是誰送的。",
	},
	{
		"%s did return %s, but these bytes have changed since, as if another call had read into the same memory. " +
			"Give each call a buffer of its own.",
		"%s 回傳的確實是 %s，但是那些位元組後來變了，像是別的呼叫又讀進了同一塊記憶體。每次呼叫都要有自己的緩衝區。",
	},
	{
		"%s did return %s, but these bytes have changed since, as if the next read had written into the same memory. " +
			"Let whoever reads copy each text.",
		"%s 回傳的確實是 %s，但是那些位元組後來變了，像是下一次讀取又寫進了同一塊記憶體。" +
			"負責讀取的 goroutine 要把每段文字複製一份。",
	},
	{
		"%s gave up when it had read a datagram from %s, whom it had not asked. Anybody can send one. Turn it away, " +
			"and read on: the answer of %s is still to come.",
		"%s 讀到 %s 送的資料包就放棄了，可是它問的不是對方。資料包誰都能送。把它擋掉，再讀下去：%s 的答覆還沒來。",
	},
	{
		"%s had returned, and something that it started still sends. Stop it before you return.",
		"%s 已經回傳，它啟動的東西卻還在送。回傳之前，要先讓它停下來。",
	},
	{
		"%s read %s %s after %v, and did not take it for the answer. Whatever comes from there is one, whichever " +
			"send it belongs to, and whatever it holds.",
		"%[1]s 在 %[4]v 讀到%[3]s %[2]s，卻沒有當成答覆。從那裡來的都是答覆，不管它答的是哪一次送出的，" +
			"也不管內容是什麼。",
	},
	{
		"%s read %s %s, and did not take it for the answer. If it took that for a stranger's, see whether it " +
			"compares the sender's address with the server's, and how: that alone may decide, and not what a " +
			"datagram says.",
		"%[1]s 讀到%[3]s %[2]s，卻沒有當成答覆。如果是把它當成陌生人送的，就看看程式有沒有拿" +
			"傳送端的位址和伺服器的比、怎麼比：該看的只有位址，不是資料包的內容。",
	},
	{"%s read %s %s, and did not take it for the answer.", "%[1]s 讀到%[3]s %[2]s，卻沒有當成答覆。"},
	{"from %s", " %s 送的"},
	{"with %s's address", "以 %s 的位址送來的"},
	{
		"%s returned %v after the last datagram that it read. So each datagram makes the wait begin anew, and " +
			"whoever sends one now and then makes it last for ever. Set a deadline once, before the loop, or leave " +
			"it to ctx.",
		"%s 在最後讀到的資料包之後又過了 %v 才回傳。所以每來一個資料包，就重新開始等；只要偶爾有人送一個來，" +
			"就會永遠等下去。截止時間要在迴圈之前設，只設一次，不然就交給 ctx。",
	},
	{"%s returned %v too early: it did not wait to the end.", "%s 早了 %v 回傳：它沒有等到最後。"},
	{
		"The context of %s had ended, and it read %d more datagram(s) all the same. A read may still bring what is " +
			"there by then: look at ctx.Err() after each read, before anything is done about it.",
		"%s 的 context 已經結束，程式卻還讀了 %d 個資料包。這時已經到了的東西，還是讀得到：" +
			"每次讀完都要先看 ctx.Err()，再做別的事。",
	},
	{
		"%s returned %v too late: its context had ended, and it went on.",
		"%s 晚了 %v 回傳：它的 context 已經結束，它卻還在繼續。",
	},
	{
		"A line says %v where the story wants %v. Either it does not tell what the code does, or that wait is wrong: " +
			"see what the first one is, and how each follows from the one before.",
		"有一行寫的是 %v，故事要的是 %v。不是這一行和程式做的不一樣，就是這次等待不對：看看第一次等多久，之後每一次" +
			"又是怎麼從前一次得來的。",
	},
	{"%s returned %v too late: something made it wait longer.", "%s 晚了 %v 回傳：有什麼讓它多等了一段。"},
	{
		"%s returned no bytes and no error. That is what an empty answer looks like: where no answer has come, " +
			"return an error.",
		"%s 沒有回傳位元組，也沒有回傳錯誤，看起來就是空的答覆。沒有得到答覆的時候，要回傳錯誤。",
	},
	{
		"%s sent once more after %v, where the story wants it to give up. Before each send, see whether its wait is " +
			"within the limit.",
		"到了 %[2]v，%[1]s 又送了一次，而故事要它這時放棄。每次送出之前，先看看這次要等的時間有沒有超過上限。",
	},
	{
		"%s sent once more when its context had ended. The end of ctx is not the end of a wait: after each read, " +
			"look at ctx first.",
		"context 已經結束，%s 又送了一次。ctx 結束不等於等待結束：每次讀取之後，要先看 ctx。",
	},
	{
		"%s was called %d times, and %d datagram(s) were read. A read that fails has brought no datagram: look at " +
			"the error before you call %s.",
		"%s 被呼叫了 %d 次，讀到的資料包卻是 %d 個。失敗的讀取沒有帶來資料包：先看錯誤，再呼叫 %s。",
	},
	{
		"%s was called %d times, and %d datagram(s) were read. It may say something else each time: call it after " +
			"the read, once for each datagram.",
		"%s 被呼叫了 %d 次，讀到的資料包卻是 %d 個。它每次說的可能不一樣：讀到之後才呼叫，每個資料包只呼叫一次。",
	},
	{
		"A read has failed with %q, and the code reads on. Each such error is told once, so nothing more comes: " +
			"return it.",
		"有一次讀取失敗，錯誤是 %q，程式卻再讀下去。這樣的錯誤只會說一次，之後不會再來什麼：要把它回傳。",
	},
	{
		"A socket that only listens hears everybody, and Write has nobody to send to, though it has that method. " +
			"Open it with a function that is told the server's address: one that dials.",
		"只監聽的 socket 誰送的都收；它雖然有 Write 這個方法，卻沒有可以送的對象。要用會指定伺服器位址的函式來開，" +
			"也就是叫做 Dial 的那一種。",
	},
	{
		"Every wait is a little too long, and each by another amount, as if by chance. On a real network that is " +
			"good; here each wait is exact.",
		"每次等待都長了一點點，而且每次都不一樣，像是隨機的。在真正的網路上這樣很好；在這裡，每次等待都要剛剛好。",
	},
	{
		"The answer came after %v, and nobody read it. A send that fails is followed by its wait like any other, and " +
			"to wait is to read.",
		"答覆在 %v 就來了，卻沒有程式讀取。送不出去的那一次，後面也要照樣等待，而等待就是讀取。",
	},
	{
		"The answer came after %v, and nobody read it. To wait is to read, up to the deadline.",
		"答覆在 %v 就來了，卻沒有程式讀取。等待就是讀取，一直到截止時間。",
	},
	{
		"The answer came after %v, and nobody read it. Somebody has to read as long as a call waits.",
		"答覆在 %v 就來了，卻沒有程式讀取。只要還有呼叫在等，就要有人讀取。",
	},
	{
		"The answer came after %v, and nobody read it. The last read before that had failed after %v, with %q: " +
			"whoever reads for all goes on at once after an error, and ends at net.ErrClosed alone.",
		"答覆在 %v 就來了，卻沒有程式讀取。在那之前，最後一次讀取在 %v 失敗了，錯誤是 %q：" +
			"替大家讀取的 goroutine 遇到錯誤，要馬上繼續讀，只有 net.ErrClosed 才可以結束。",
	},
	{
		"The answer came after %v, and was read %v later: whoever reads was busy with something else, such as a " +
			"sleep, or waited for somebody. Read on at once, after each datagram and after each error.",
		"答覆在 %v 就來了，過了 %v 才讀：負責讀取的 goroutine 那時在做別的事，例如 sleep，或是在等別人。" +
			"每個資料包之後、每個錯誤之後，都要馬上再讀下去。",
	},
	{
		"The answer came after %v, and was read %v later: after the error %q the code did something else first, such " +
			"as a sleep. Go on reading at once, up to the deadline.",
		"答覆在 %v 就來了，過了 %v 才讀：遇到錯誤 %q 之後，程式先做了別的事，例如 sleep。要馬上再讀下去，一直到" +
			"截止時間。",
	},
	{
		"The answer came after %v, and was read %v later: the code did something else, such as a sleep. To wait is " +
			"to read, up to the deadline.",
		"答覆在 %v 就來了，過了 %v 才讀：程式那時在做別的事，例如睡著。等待就是讀取，一直到截止時間。",
	},
	{
		"The code asks for a certain port for its own end, and that one is taken: each socket needs another. Leave " +
			"the choice to the system.",
		"程式替自己這一端指定了連接埠，而它已經有人用了：每個 socket 要的都不一樣。讓系統來挑。",
	},
	{
		"The code dials %q, and a TCP connection needs a server that accepts it. Dial \"udp\".",
		"程式用 %q 來連，而 TCP 連線要有伺服器接受才行。要用 \"udp\"。",
	},
	{
		"The code gave up after %d of the %d sends: see what it compares, and with which limit. If it adds up its " +
			"waits: a limit for one wait is not one for all of them.",
		"該送 %[2]d 次，程式送了 %[1]d 次就放棄：看看它拿什麼和哪個上限比。如果是把等待的時間加起來比：單次等待的" +
			"上限，不是全部加起來的上限。",
	},
	{
		"The code sent again at once, when a call had failed with %q. That says nothing new if what the path takes " +
			"has not become less: then the wait goes on to its end.",
		"有一次呼叫失敗，錯誤是 %q，程式就馬上再送。路徑裝得下的如果沒有變小，這就不是新消息：要等到這次等待結束。",
	},
	{
		"The code sent again at once, when a call had failed with %q. An error is no answer, and no reason to hurry: " +
			"the wait goes on to its end.",
		"有一次呼叫失敗，錯誤是 %q，程式就馬上再送。錯誤不是答覆，也不是提早送的理由：要等到這次等待結束。",
	},
	{
		"The code sent again at once, without a wait: a deadline that has passed lets each read fail at once, until " +
			"another is set. Each wait needs a deadline of its own.",
		"程式馬上再送，中間沒有等：截止時間已經過了，在設新的之前，每次讀取都會馬上失敗。" +
			"每次等待都要有自己的截止時間。",
	},
	{
		"The read has one deadline, after %v, and the next send comes only then. Each send gets a wait, with a " +
			"deadline of its own.",
		"讀取的截止時間只有一個，在 %v，要到那時才會再送。每次送出之後都要等，每次等待都要有自己的截止時間。",
	},
	{
		"The read waits for the deadline that the code has set, and only then can the code look at its context. That " +
			"is too late: the end of ctx has to end the read itself. Let context.AfterFunc set a deadline that is " +
			"long past.",
		"讀取要等到程式設的截止時間才結束，程式到那時才能看 context。那就太晚了：ctx 結束時，讀取本身就要結束。用 " +
			"context.AfterFunc 設一個早就過了的截止時間。",
	},
	{
		"The send has failed with %q: nothing went out, so no answer can come. Look at the error that a send returns.",
		"送出失敗，錯誤是 %q：什麼都沒有送出去，所以不會有答覆。要看送出時回傳的錯誤。",
	},
	{
		"Wait number %d is %v too long. That is how much of it had passed at the error %q: there it began anew. An " +
			"error does not move the deadline: set it once for each send.",
		"第 %d 次等待長了 %v。錯誤 %[3]q 來的時候，剛好已經等了這麼久：等待在那裡重新開始了。錯誤不會改變截止時間：" +
			"每次送出只設一次。",
	},

	{
		"Another socket, %s, has that port, and the story wants both to have it. Sockets share a port only if each " +
			"has the option for that before it gets its port, at one address as at all of them. Set it in the " +
			"Control of a net.ListenConfig: on a socket that is open already, it is too late. The permission to " +
			"broadcast is another option.",
		"另一個 socket（%s）已經用了這個連接埠，而故事要兩個都有。每個 socket 都要在取得連接埠之前設好共用的選項，" +
			"才能共用；開在一個位址上、或是所有位址上，都是如此。請在 net.ListenConfig 的 Control 裡設：socket " +
			"已經開好才設，就太晚了。廣播的許可是另一個選項。",
	},
	{
		"%v means all addresses of this computer. A socket at %v is at that one alone, and hears nothing of what is " +
			"sent to another.",
		"%v 是這台電腦的所有位址。開在 %v 的 socket 只在那一個位址上，送到別的位址的，它都收不到。",
	},
	{
		"Each call opens a socket of its own. Who reads from one socket takes the datagram away from whoever else " +
			"reads there; with two sockets, each has its own, and hears each broadcast.",
		"每次呼叫都要開一個新的 socket。大家讀同一個 socket，一個人讀走了，別人就讀不到；有兩個 socket，" +
			"就各收各的，每次廣播兩邊都收得到。",
	},
	{
		"The option is still off on the socket that was given. Either nothing was set, or another option, or the " +
			"option of another socket. The permission belongs to one socket, the one that sends; to hear a broadcast " +
			"takes none. Set SO_BROADCAST on %s's socket.",
		"交給程式的那個 socket，選項還是沒有設。可能什麼都沒設，或是設到別的選項，或是設在別的 socket 上。" +
			"許可屬於某一個 socket，也就是送的那一個；收廣播不需要許可。請在 %s 的 socket 上設 SO_BROADCAST。",
	},
	{
		"Go may permit broadcasts when it opens a socket, but from this one the story has taken that away.",
		"Go 開 socket 的時候可能會給廣播的許可，但是故事已經把這一個的許可拿掉了。",
	},
	{
		"The story had taken the permission to broadcast from %s's socket, and the code has given it back. Who may " +
			"broadcast is for the caller to decide: send, and return the error.",
		"故事拿掉了 %s 的 socket 的廣播許可，程式卻又把它加回去。誰可以廣播，由呼叫端決定：只要送，並且回傳錯誤。",
	},
	{
		"File().Fd() does that: asking for the descriptor makes the socket blocking. SyscallConn gives the " +
			"descriptor too, by Control, and leaves the socket as it is.",
		"這是 File().Fd() 造成的：用它拿描述元，socket 就會變成阻塞的。SyscallConn 也可以透過 Control 拿到描述元，" +
			"而且不會改變 socket。",
	},
	{
		"The code reads after it has sent, even if only for a while. What it takes away so, here %s, is missing to " +
			"whoever owns the socket: who sends need not wait for an answer.",
		"程式送出之後還去讀，就算只讀一會兒也一樣。這樣讀走的東西（這裡是 %s），socket 的主人就讀不到了：送出去就好，" +
			"不必等答覆。",
	},

	{"%s was sent there %d times, and the code was to send it %d times.", "%s 往那裡送了 %d 次，程式該送的是 %d 次。"},
	{
		"%s was sent to %s, and to %s as well. Send it once, to the address that was given: if that is everyone's, " +
			"the network does the rest.",
		"%s 送給了 %s，也送給了 %s。只要往交給你的位址送一次：如果那是所有人的位址，剩下的交給網路就好。",
	},

	{
		"The text goes on with the rest of the buffer, which holds zeros there: of the buffer, only the first n " +
			"bytes are this datagram, buf[:n].",
		"文字後面接著緩衝區剩下的部分，那裡都是 0：緩衝區裡只有前 n 個位元組是這個資料包，也就是 buf[:n]。",
	},
	{
		"A line holds the bytes of another datagram: the buffer was read into again before the line was written. A " +
			"goroutine that is given a slice of the buffer has no copy of it. Give each datagram bytes of its own.",
		"有一行的內容是另一個資料包的：那一行還沒寫，緩衝區就被下一次讀取蓋掉了。goroutine 拿到緩衝區的 slice，" +
			"並不等於有一份複本。請讓每個資料包都有自己的位元組。",
	},
	{
		"Whoever sends a datagram chooses its bytes. With a line end among them it begins a new line, which could " +
			"pass for one of the log's own; %%q keeps everything within one line.",
		"資料包的內容由傳送端決定。裡面如果有換行，log 就會多出一行，看起來像是伺服器自己寫的；%%q " +
			"會讓全部內容留在同一行。",
	},
	{
		"A blank that is not ASCII's stands in the log as it came. %%q escapes it; strconv.QuoteToGraphic does not.",
		"log 裡有一個不屬於 ASCII 的空白，照原樣寫了進去。%%q 會跳脫它；strconv.QuoteToGraphic 不會。",
	},
	{
		"%s was read and then left out: every datagram counts, whoever sent it, even if it is empty or says the same " +
			"as the one before.",
		"%s 讀到了，卻被略過：每個資料包都算，不管是誰送的，就算是空的、或是和前一個一樣。",
	},

	{
		"It had gone on after an earlier read that failed, with %q. Go on after this one too: how many have " +
			"failed before does not matter.",
		"之前有一次讀取因為 %q 失敗，它還是繼續了。這一次也要繼續：之前失敗過幾次都沒有關係。",
	},
	{
		"Whoever starts a goroutine ends it, and waits for its end before returning.",
		"啟動 goroutine 的人要讓它結束，並且等它結束才回傳。",
	},
	{
		"A goroutine has set the deadline, when the call had returned. Call the stop of context.AfterFunc before " +
			"you return, and look at what that returns: if it is false, the function may still be running. Wait for " +
			"it, for example on a channel that it closes, and then clear the deadline.",
		"有一個 goroutine 在呼叫已經回傳之後才設了截止時間。回傳之前要呼叫 context.AfterFunc 給的 stop，而且要看它回" +
			"傳什麼：如果是 false，那個函式可能還在執行。等它結束，例如等它關閉一個 channel，然後再清掉截止時間。",
	},
	{
		"A deadline stays with the socket until another is set, and whoever uses the socket next meets it. Clear " +
			"it before you return: %s(time.Time{}).",
		"截止時間會一直留在 socket 上，直到設了另一個，下一個使用這個 socket 的人就會遇到。回傳之前把它清掉：%s(time." +
			"Time{})。",
	},

	{
		"The send failed with %q. UDP does not promise that a datagram arrives, but this one was not even sent: " +
			"return the error.",
		"送出失敗了，錯誤是 %q。UDP 不保證資料包會到，但是這一個連送都沒有送出去：要回傳錯誤。",
	},
	{
		"A read failed with %q, and has brought nothing. That is not an empty answer: return the error.",
		"讀取失敗了，錯誤是 %q，什麼都沒有帶來。這不是空的答覆：要回傳錯誤。",
	},

	{
		"%s is a blocking socket now, and no deadline ends its reads any more.",
		"%s 現在是阻塞的 socket，截止時間再也沒有辦法結束它的讀取。",
	},
	{
		"%s's option %s is %d now; the story wants it left as it was, %d.",
		"%s 的選項 %s 現在是 %d；故事要它維持原樣，也就是 %d。",
	},
	{"%s's socket should still be open, but %s closed it.", "%s 的 socket 應該還開著，卻在 %s 被關閉了。"},
	{"%s's socket should be closed by now, and is still open.", "%s 的 socket 這時應該已經關閉了，卻還開著。"},
	{"%s's socket should still be open, but the code has closed it.", "%s 的 socket 應該還開著，卻被程式關閉了。"},
	{"A goroutine is left over: it %s.", "有一個 goroutine 留了下來：它%s。"},
	{
		"%s's socket is left with a %s deadline: it was set at %s when the call had returned already.",
		"%s 的 socket 上還留著%s的截止時間：呼叫已經回傳之後，%s 才設了它。",
	},
	{"%s's socket is left with a %s deadline, set at %s.", "%s 的 socket 上還留著%s的截止時間，是 %s 設的。"},
	{
		"The code has read %s from %s, at %s's socket; the story wants it left there.",
		"程式從 %[3]s 的 socket 讀走了 %[2]s 送來的 %[1]s；故事要它留在那裡。",
	},
	{"the story wants it left unread", "故事要它留著不讀"},

	{"The result", "結果"},
	{
		"%s is 28 bytes too big: as long as IPv4's header (20) and UDP's (8). They take up room in the packet, so " +
			"take them off.",
		"%s多了 28 個位元組，剛好是 IPv4 的標頭（20）加 UDP 的標頭（8）。它們在封包裡也占位子，所以要扣掉。",
	},
	{
		"%s is 48 bytes too big: as long as IPv6's header (40) and UDP's (8). They take up room in the packet, so " +
			"take them off.",
		"%s多了 48 個位元組，剛好是 IPv6 的標頭（40）加 UDP 的標頭（8）。它們在封包裡也占位子，所以要扣掉。",
	},
	{
		"%s is 8 bytes too big: as long as UDP's header. It stands between IP's and your bytes, so take off both.",
		"%s多了 8 個位元組，剛好是 UDP 的標頭。它在 IP 的標頭和你的位元組之間，所以兩個都要扣掉。",
	},
	{
		"%s is 20 bytes too big. IPv4's header has 20 bytes, and IPv6's has 40: either IPv4's is still in, or IPv6's " +
			"was taken for one of 20.",
		"%s多了 20 個位元組。IPv4 的標頭有 20 個，IPv6 的有 40 個：可能是沒有扣掉 IPv4 的，也可能是把 IPv6 的當成了 " +
			"20 個。",
	},
	{
		"%s is 40 bytes too big: as long as IPv6's header. Take it off too.",
		"%s多了 40 個位元組，剛好是 IPv6 的標頭。這個也要扣掉。",
	},
	{
		"%s is 12 bytes too small. TCP's header has 20 bytes, and UDP's has only 8.",
		"%s少了 12 個位元組。標頭有 20 個位元組的是 TCP，UDP 的只有 8 個。",
	},
	{
		"A datagram of %d bytes was sent, and did not arrive. That Write returns no error says only that the system " +
			"has taken it: the proof is the answer.",
		"送出了 %d 個位元組的資料包，卻沒有送到。Write 沒有回傳錯誤，只表示系統收下了：有答覆才算證明。",
	},
	{
		"%d bytes do arrive, but the code went on to fewer when it met \"message too long\" once more. That error " +
			"can be an old one, about an earlier datagram: ask for the MTU again, and send less only if less fits " +
			"than was sent last.",
		"%d 個位元組送得到，程式卻在又遇到「message too long」的時候，改送更少的。這個錯誤可能是舊的，" +
			"說的是更早的資料包：要再問一次 MTU，只有裝得下的比最後送的還小，才送小一點的。",
	},
	{
		"After the error %q the code sent fewer bytes: %d instead of %d. Only \"message too long\" says that a " +
			"datagram is too big. Other errors say nothing about its size.",
		"遇到錯誤 %q 之後，程式送得比較少：是 %d 個位元組，不是 %d 個。只有「message too long」說的是資料包太大。" +
			"別的錯誤和大小無關。",
	},
	{
		"After %v %s returned \"message too long\", and the code still waited, up to %v. There is no answer to wait " +
			"for any more: go on with the smaller size at once.",
		"在 %v，%s 回傳了「message too long」，程式卻還等到 %v。已經沒有答覆可以等了：馬上改用小一點的大小。",
	},
	{
		"\"message too long\" is no failure here, but news: the datagram does not fit, and the system knows by now " +
			"what the path takes. Say how much that is, without an error. Ask for the MTU then, each time anew: what " +
			"the system said before may be too much.",
		"「message too long」在這裡不是失敗，而是消息：資料包裝不下，而系統現在知道路徑裝得下多少了。" +
			"要說出那是多少，不回傳錯誤。這時去問 MTU，每次都要重新問：系統之前說的可能太大。",
	},
	{
		"The code has set IP_MTU_DISCOVER, which is IPv4's option, on a socket of IPv6. Datagrams of IPv6 go by " +
			"IPV6_MTU_DISCOVER alone, of the level IPPROTO_IPV6: set that one there.",
		"程式在 IPv6 的 socket 上設了 IP_MTU_DISCOVER，那是 IPv4 的選項。IPv6 的資料包只看 IPV6_MTU_DISCOVER，層級是 " +
			"IPPROTO_IPV6：在那裡要設的是它。",
	},
	{
		"1 is IP_PMTUDISC_WANT, with which Linux begins: it finds out the path's MTU, but fragments itself what is " +
			"too long. So there is something to do: 2, IP_PMTUDISC_DO, forbids that.",
		"1 是 IP_PMTUDISC_WANT，Linux 一開始就是這個值：它會去探索路徑的 MTU，但是太長的自己就分段了。" +
			"所以還是有事要做：2，也就是 IP_PMTUDISC_DO，會禁止分段。",
	},
	{
		"Only the value 2, IP_PMTUDISC_DO, forbids fragmentation and minds the path. %d is another one.",
		"只有 2，也就是 IP_PMTUDISC_DO，才會禁止分段，也顧到整條路徑。%d 是別的值。",
	},

	{"%s and %s have changed places: each holds the other's value.", "%s 和 %s 對調了：兩個拿的都是對方的值。"},
	{
		"To errors.Is, a pointer is another error than what it points to, also if its text is the same: return a %s, " +
			"without the &.",
		"對 errors.Is 來說，指標和它指向的值是不同的錯誤，文字相同也一樣：要回傳 %s，不要加 &。",
	},
	{
		"The text alone does not make it that error: errors.Is compares the errors that were wrapped. In fmt.Errorf, " +
			"%%w wraps an error, and %%v or %%s keeps nothing but its text.",
		"光有文字，還不算是那個錯誤：errors.Is 比的是包在裡面的錯誤。在 fmt.Errorf 裡，%%w 會把錯誤包進去，%%v 和 " +
			"%%s 只會留下文字。",
	},
	{
		"A nil pointer in an interface is not nil, since the interface holds its type as well, %s. Look at the " +
			"error, and where there is one, return a plain nil beside it.",
		"介面裡裝著 nil 指標，就不等於 nil：介面裡還有型別 %s。看錯誤就好，有錯誤就直接回傳 nil。",
	},
	{
		"Whoever gets an error does not look at what stands beside it, so nobody would close this socket. See first " +
			"whether it may be opened; if it is open already, close it, and return nil.",
		"拿到錯誤的人不會去看旁邊還有什麼，所以這個 socket 就沒有人關了。要先看可不可以開；如果已經開了，就關掉，" +
			"再回傳 nil。",
	},
	{
		"The code took %s for the reason, and it is %s. The system's error, %q, tells the two apart: see which one " +
			"errors.Is finds in it, and which reason that stands for.",
		"程式把原因當成 %s，其實是 %s。看系統的錯誤 %q 就分得出來：" +
			"看 errors.Is 在裡面找到哪一個，以及那代表哪一種原因。",
	},
	{
		"The error holds the system's own, %q, but not what that means here. Whoever calls should not have to know " +
			"each system's errors: wrap %s too. fmt.Errorf may have two %%w.",
		"錯誤裡有系統自己的 %q，卻沒有說它在這裡是什麼意思。呼叫端不必認得每個系統的錯誤：把 %s 也包進去。" +
			"fmt.Errorf 可以有兩個 %%w。",
	},

	{
		"Whoever called does not know of that socket, so nobody will close it. Close it before the call returns, " +
			"whichever way it does: also where a later step fails.",
		"呼叫端不知道有這個 socket，所以沒有人會去關它。呼叫回傳之前就要關，不管從哪一條路回傳：" +
			"後面的步驟失敗了也一樣。",
	},
	{
		"Nobody asked for that: whoever called sets what they need. Open the socket, and leave it as package net " +
			"has opened it.",
		"沒有人要這個：呼叫端需要什麼，會自己設定。把 socket 開好，net 套件開出來是什麼樣子，就留成什麼樣子。",
	},
	{
		"The code has closed the socket before it returned, as with defer conn.Close(). A port belongs to its " +
			"socket: once that is closed, the system gives the port to others. Leave it open, and whoever called " +
			"will close it.",
		"程式回傳之前就把 socket 關閉了，例如用了 defer conn.Close()。連接埠屬於它的 socket：socket 一關閉，" +
			"系統就會把連接埠給別人。讓它開著，呼叫端會關。",
	},
	{
		"The code has named a port itself, be it a fixed one or the first that it found free. It need not look for " +
			"one: the system knows which are free, and chooses one if it is asked for port 0.",
		"程式自己指定了連接埠，可能是寫死的，也可能是自己找到的第一個沒人用的。不用自己找：哪些沒人用，系統知道；" +
			"要的是連接埠 0，它就會挑一個。",
	},
	{
		"Each call opens a socket of its own. This one was kept from an earlier call, as in a variable outside the " +
			"function.",
		"每次呼叫都要開自己的 socket。這一個是之前的呼叫留下來的，例如放在函式外面的變數裡。",
	},
	{
		"Where no address is named, as in \":0\", or one that stands for all, as in \"0.0.0.0:0\" and \"[::]:0\", a " +
			"socket is at all of them: it can be reached from the network too, and has the port at each. The story " +
			"wants it at %v alone: open it at the address and the port together.",
		"沒有指定位址（例如 \":0\"），或指定了代表所有位址的那一個（例如 \"0.0.0.0:0\" 和 \"[::]:0\"），" +
			"socket 就開在所有位址上：從網路上也連得到，而且每個位址上的這個連接埠都歸它。" +
			"故事要它只在 %v：位址和連接埠要一起給。",
	},
	{
		"%s returned as soon as it had read %s from %s, and took that for the answer.",
		"%[1]s 一讀到 %[3]s 送的 %[2]s 就回傳了，把它當成了答覆。",
	},

	{
		"%s returned a nil %T beside its error; the story wants a plain nil there.",
		"%s 除了錯誤，還回傳了值為 nil 的 %T；故事要的是直接回傳 nil。",
	},
	{
		"%s returned the error %s; %s must be true. It has a pointer there, a *%[4]s, and no %[4]s.",
		"%s 回傳了錯誤 %s；%s 應為 true。那裡是指標 *%[4]s，不是 %[4]s。",
	},
	{
		"%s returned the error %s; %s must be true. Its text says so, but its cause is lost.",
		"%s 回傳了錯誤 %s；%s 應為 true。它的文字這麼說，原因卻不見了。",
	},
	{
		"%s failed after %v, and %s met a deadline that an earlier call has left on the socket%s. A deadline " +
			"stays with the socket until another is set, also one that is long past. Clear it before you return, " +
			"and see that nothing sets one afterwards: %s(time.Time{}).",
		"%s 在 %v 失敗，因為 %s 遇到了先前某次呼叫留在 socket 上的截止時間%s。截止時間會一直留在 socket 上，直到設了" +
			"另一個，早已過去的截止時間也一樣。回傳之前把它清掉，也要確定回傳之後，不會再有 goroutine 去設它：" +
			"%s(time.Time{})。",
	},
	{
		", set at %s",
		"（在 %s 設的）",
	},
	{
		"%s failed after %v, at a deadline that was set at %s. SetDeadline sets one for sends as well; " +
			"SetReadDeadline is for reads alone.",
		"%s 在 %v 因為截止時間而失敗，那個截止時間是在 %s 設的。SetDeadline 連送出的截止時間也一起設了；" +
			"SetReadDeadline 只管讀取。",
	},
	{
		"%s from %s has come, and %s sleeps. A sleep knows nothing of what comes. To wait is to read, up to a " +
			"deadline: a read returns as soon as something is there.",
		"%s 已經從 %s 來了，%s 卻在睡。睡眠不知道有什麼來了。等待就是讀取，讀到截止時間為止：一有東西，讀取就會回傳。",
	},
	{
		"%s sleeps, and nothing changes meanwhile: what it finds out now is what it will find out later. Return " +
			"it at once.",
		"%s 在睡，而這段時間裡什麼都不會變：現在知道的，就是之後會知道的。請馬上回傳。",
	},
	{
		"A closed socket stays closed, and each call fails at once with net.ErrClosed: that error is the one " +
			"that ends the loop. It comes within another: errors.Is(err, net.ErrClosed) finds it, == does not.",
		"關閉的 socket 不會再打開，每次呼叫都會馬上失敗，錯誤是 net.ErrClosed：就是這個錯誤要結束迴圈。它包在另一" +
			"個錯誤裡：errors.Is(err, net.ErrClosed) 找得到，== 找不到。",
	},
	{
		"The deadline has passed, and each read fails at once until it is set anew. If it is past because ctx " +
			"ended, return; if a wait is over, set the next one. The error comes within another: errors.Is(err, " +
			"os.ErrDeadlineExceeded) finds it, == does not.",
		"截止時間已經過了，在重新設定之前，每次讀取都會馬上失敗。如果是因為 ctx 結束，就回傳；如果是一次等待結束，就" +
			"設下一個截止時間。這個錯誤包在另一個錯誤裡：errors.Is(err, os.ErrDeadlineExceeded) 找得到，== 找不到。",
	},
	{
		"The code itself has closed %s's socket, at %s, and used it afterwards. A socket that a function was " +
			"given belongs to its caller, who may go on with it: don't close it.",
		"程式自己關閉了 %s 的 socket（在 %s），之後又用了它。交給函式的 socket 屬於呼叫端，對方可能還要用：不要" +
			"關閉它。",
	},
	{
		"%s from %s was read, but not by this call of %s: that read had begun before it. So something that an " +
			"earlier call has started still reads there. End its read by a deadline that is long past, and wait " +
			"until it has returned.",
		"%s（來自 %s）被讀走了，但不是被這次的 %s 讀走的：那次讀取在它之前就開始了。可見先前某次呼叫啟動的東西還" +
			"在那裡讀。用一個早已過去的截止時間結束它的讀取，並等到它回傳。",
	},
	{
		"%s has returned, and has neither read nor sent anything on %s. Each call uses the socket that it " +
			"is given and no other, by the methods of its interface, whatever type it has, and whatever an earlier " +
			"call has sent.",
		"%s 已經回傳，卻沒有在%s上讀過或送過任何東西。每次呼叫都只用交給它的那一個 socket，透過介面的方法" +
			"來用，不管它是什麼型別，也不管先前的呼叫送過什麼。",
	},
	{
		"%s's socket",
		" %s 的 socket ",
	},
	{
		"any socket that the story has given",
		"故事交給它的任何 socket ",
	},
	{
		"%s of %s's socket failed after %v, since the socket was closed, and %s went on up to %v. A closed " +
			"socket stays closed: errors.Is(err, net.ErrClosed) tells that this is the end.",
		"%s 在 %s 的 socket 上失敗（在 %v），因為 socket 已經關閉，%s 卻繼續到 %v。關閉的 socket 不會再打開：erro" +
			"rs.Is(err, net.ErrClosed) 會告訴你這就是結束。",
	},
	{
		"%s heard what %s had heard before, %s. Each answer is about one datagram, the one that it answers: see " +
			"that nothing is left of another.",
		"%s 收到的，是 %s 之前收到過的：%s。每個答覆說的是一個資料包，也就是它所答覆的那一個：看看是不是留下了另" +
			"一個的東西。",
	},
	{
		"%s has sent %d datagrams that were read, and %d times the answer was %s. Each datagram has an answer of " +
			"its own: either this one tells of another, or not of all of its own.",
		"%s 送了 %d 個資料包，都被讀走了，其中 %d 次得到的答覆是 %s。每個資料包有自己的答覆：要不是這一個說的是另" +
			"一個資料包，就是沒有算完自己的位元組。",
	},
	{
		"Each wait ends as long after the first send as it has to after its own: wait number %d ends after %v. " +
			"Count each from its own send.",
		"每次等待都是從第一次送出算起，而不是從自己那一次送出算起：第 %d 次等待在 %v 就結束了。每次等待都要從自己" +
			"那一次送出算起。",
	},
	{
		"The first wait is %v, twice the wanted one. Either the wait is doubled before its first use, or it " +
			"begins where an earlier call has left it, as in a variable outside the function.",
		"第一次等了 %v，是該等的兩倍。要不是等待時間在第一次使用之前就先加倍了，就是它從先前某次呼叫留下的值開始" +
			"，例如放在函式外面的變數。",
	},
	{
		"Wait number %d is %v long, as long as the one before. It has to be twice as long.",
		"第 %d 次等了 %v，和前一次一樣久。它應該是前一次的兩倍。",
	},
	{
		"Wait number %d was not over after %v, when the answer came, and has to be %v.",
		"第 %d 次等待過了 %v 還沒結束，答覆就來了，而它應該是 %v。",
	},
	{
		"After %v the code sent again at once, without a wait: a deadline that has passed lets each read fail at " +
			"once, until another is set. Each wait needs a deadline of its own.",
		"在 %v，程式沒有等待就馬上又送了一次：過了的截止時間會讓每次讀取馬上失敗，直到設了另一個。每次等待都要有自己" +
			"的截止時間。",
	},
	{
		"%s tried to send once more after %v, and the socket was closed by then. A closed socket stays closed: " +
			"errors.Is(err, net.ErrClosed) tells that this is the end.",
		"%s 在 %v 又想送一次，而 socket 那時已經關閉。關閉的 socket 不會再打開：errors.Is(err, net.ErrClosed) 會" +
			"告訴你這就是結束。",
	},
	{
		"%s gave up after %v, when it had sent %d times. The answer came later.",
		"%s 過了 %v 就放棄，總共送了 %d 次。答覆是後來才到的。",
	},
	{
		"%s gave up after %v by a time limit of its own, the deadline that was set at %s. Its context had not " +
			"ended, and the answer came later.",
		"%s 過了 %v 就因為自己的時間限制而放棄，也就是在 %s 設的截止時間。它的 context 還沒結束，答覆是後來才到的。",
	},
	{
		"%s gave up after %v by a time limit of its own, such as a context.WithTimeout or a timer: the deadline that " +
			"was set at %s only ended the read. The context that it was given had not ended, and the answer came " +
			"later.",
		"%s 過了 %v 就因為自己的時間限制而放棄，例如 context.WithTimeout 或計時器：在 %s 設的截止時間只是用來結束讀" +
			"取。交給它的 context 還沒結束，答覆是後來才到的。",
	},
	{
		"The context of %s has ended, and so each read fails at once, however often it is called. A context ends by " +
			"its deadline too, and not only when it is cancelled: return when ctx.Err() is not nil, whichever error " +
			"it is.",
		"%s 的 context 已經結束，所以每次讀取都立刻失敗，不管呼叫幾次。context 不只會被取消，到了它的截止時間也會結" +
			"束：ctx.Err() 不是 nil 就回傳，不管是哪一個錯誤。",
	},
	{
		"%s gave up after %v by a time limit of its own. Its context had not ended, and the answer came later.",
		"%s 過了 %v 就因為自己的時間限制而放棄。它的 context 還沒結束，答覆是後來才到的。",
	},
	{
		"%s sent %d times, the last time after %v, and gave up when nothing had come. Nobody has heard any of these " +
			"datagrams.",
		"%s 送了 %d 次，最後一次在 %v，什麼都沒等到就放棄了。這些資料包，沒有程式收到任何一個。",
	},
	{
		"%s sent once, %d bytes, and gave up when nothing had come. Nobody has heard that datagram, and none was " +
			"sent after it.",
		"%s 只送了一次，%d 個位元組，什麼都沒等到就放棄了。沒有程式收到那個資料包，之後也沒有再送。",
	},
	{
		"After \"message too long\" the code went on to %d bytes, and %d fit. How much fits is the MTU that the " +
			"path has by then, without the headers.",
		"遇到「message too long」之後，程式改送 %d 個位元組，而 %d 個也裝得下。裝得下多少，就是路徑那時的 MTU 扣" +
			"掉標頭。",
	},
	{
		"After %v %s returned \"message too long\", and the code sent as many bytes again, which do not fit " +
			"either. Both Read and Write can bring this error. What fits is the MTU that the path has by then, " +
			"without the headers.",
		"在 %v，%s 回傳了「message too long」，程式卻又送了一樣多的位元組，當然還是裝不下。Read 和 Write 都可能帶" +
			"來這個錯誤。裝得下多少，就是路徑那時的 MTU 扣掉標頭。",
	},
	{
		"3 is IP_PMTUDISC_PROBE. It forbids fragmentation too, but does not mind the path: what is too long for " +
			"that is sent all the same, and lost. 2, IP_PMTUDISC_DO, does both.",
		"3 是 IP_PMTUDISC_PROBE。它也禁止分段，卻不理會路徑：對路徑來說太長的照樣送出，然後遺失。2，也就是 IP_PMT" +
			"UDISC_DO，兩者都做到。",
	},
	{
		"The code has sent %s from %s's socket to that socket itself, so it came back there.",
		"程式把 %s 從 %s 的 socket 送給了那個 socket 自己，所以它又回到那裡。",
	},
	{
		"%s heard %s from %v, where the story has no socket. So the code seems to have opened one of its own: " +
			"use the one that it is given.",
		"%s 收到了 %s，來自 %v，而故事在那裡沒有 socket。看來程式自己開了一個：請用交給它的那一個。",
	},
	{
		"This is the right address in IPv6's form, in 16 bytes, which is another value: %v is not == %v. " +
			"netip.AddrFrom4 makes one of 4 bytes, Unmap makes that of it.",
		"這是對的位址，卻是 IPv6 的形式，16 個位元組，那是另一個值：%v 不 == %v。netip.AddrFrom4 做出 4 個位元組" +
			"的，Unmap 也會把它變成那樣。",
	},
	{
		"This is the right address in IPv4's form, in 4 bytes, which is another value: %v is not == %v.",
		"這是對的位址，卻是 IPv4 的形式，4 個位元組，那是另一個值：%v 不 == %v。",
	},
	{
		"%s holds the right ones, in another order: they stand there as they came.",
		"%s 裡的都對，只是順序不同：要照來的順序排。",
	},
	{
		"%s holds somebody more than once: either the code does not look whether they are in the list already, or it " +
			"compares so that one address seems to be two.",
		"%s 裡有人不只出現一次：程式不是沒有看他是不是已經在清單裡，就是比的方法不對，把同一個位址當成了兩個。",
	},
	{
		"In %q nobody can tell where the address ends and the port begins. In texts an IPv6 address stands in " +
			"brackets before a port: net.JoinHostPort writes them, and so does the String of a netip.AddrPort or a " +
			"*net.UDPAddr.",
		"在 %q 裡，看不出位址到哪裡結束、連接埠從哪裡開始。寫成文字時，連接埠前面的 IPv6 位址要放在方括號裡：" +
			"net.JoinHostPort 會寫，netip.AddrPort 和 *net.UDPAddr 的 String 也會寫。",
	},
	{
		"No error of the system's stands in this one. Whether a port can be had, only the attempt to open a " +
			"socket there tells: not a list of those that were opened, and not a datagram, which anybody may send " +
			"anywhere.",
		"這個錯誤裡沒有系統的錯誤。一個連接埠能不能用，只有試著在那裡開 socket 才知道：靠記下開過哪些不行，靠送資料包" +
			"也不行，資料包誰都可以送到任何地方。",
	},
}
