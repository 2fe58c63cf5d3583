package text

// policySentences are why a grader refuses code, and what its author can do instead.
var policySentences = []Text{
	{"%s is no ordinary file; put a copy there of what it stands for", "%s 不是一般檔案；請換成它所指內容的複本"},
	{"%s is no ordinary folder; put a copy there of what it stands for", "%s 不是一般資料夾；請換成它所指內容的複本"},
	{"A grader would refuse nothing here.\n", "這裡沒有評分時會拒收的內容。\n"},

	// Files.
	{"there are more than %d files with code; join some", "程式檔案超過 %d 個；請合併一些"},
	{"the file's name has a character that is not seen; rename it", "檔名裡有看不見的字元；請改檔名"},
	{"only Go is judged; write it in Go, and leave this file out", "評分只看 Go；請用 Go 寫，不要交這個檔案"},
	{"the file has more than %d bytes; make it shorter", "檔案超過 %d 位元組；請縮短"},
	{
		"by its name, the file is built on some machines for grading, and not on others; rename it, or leave it out",
		"這個檔名會讓檔案在某些評分的機器上編譯，在其他機器上不編譯；請改檔名，或是不要交",
	},
	{
		"by this build tag, the file is built on some machines for grading, and not on others; take the tag away, " +
			"or leave the file out",
		"這個 build tag 會讓檔案在某些評分的機器上編譯，在其他機器上不編譯；請拿掉它，或是不要交這個檔案",
	},

	// Characters.
	{"a carriage return stands within the line (%s), which hides what is before it; take it out",
		"這一行中間有歸位字元（%s），會把它前面的內容蓋住；請刪掉"},
	{
		"the character %s turns the direction of writing, so that code looks other than it is; take it out, or " +
			"write it " +
			"as an escape in a string",
		"字元 %s 會改變書寫方向，讓程式看起來和實際不同；請刪掉，或是在字串裡寫成跳脫序列",
	},
	{"the character %s is not seen; take it out, or write it as an escape in a string",
		"字元 %s 是看不見的；請刪掉，或是在字串裡寫成跳脫序列"},
	{"the name %s looks like %s, and is another; write it with letters of one script",
		"名稱 %s 看起來像 %s，其實不同；請只用同一種文字的字母來寫"},

	// Imports.
	{"imports %s: %s", "匯入了 %s：%s"},
	{
		"imports %s with a dot, so that nobody can tell its names from yours; import it without, and write %s before " +
			"the names",
		"用點號匯入了 %s，分不出哪些名稱是它的、哪些是你的；請拿掉點號，並在名稱前面寫 %s",
	},
	{"it reaches any memory; turn bytes into numbers with encoding/binary",
		"它碰得到任何記憶體；要把位元組轉成數字，請用 encoding/binary"},
	{"it loads code that nobody has read; write here what it does", "它會載入沒有人看過的程式；請把要做的事寫在這裡"},
	{"it is code in C; write it in Go", "那是 C 的程式；請用 Go 寫"},
	{"only code is handed in, and no files beside it; write into the code what they hold",
		"繳交的只有程式，沒有旁邊的檔案；請把內容寫進程式裡"},
	{"it starts other programs, and there are none where code is graded; do it in Go",
		"它會啟動別的程式，評分的地方沒有那些程式；請用 Go 來做"},
	{"signals are for a whole program, and this is a part of one; ctx says when to stop",
		"訊號是給整個程式的，這裡只是其中一部分；什麼時候該停，看 ctx"},
	{"it ends the goroutine of whoever has called you; return instead", "它會結束呼叫端的 goroutine；請改用 return"},
	{
		"it changes how Go runs the whole program, or tells too much of it; do without, and print what you want to " +
			"know",
		"它會改變 Go 執行整個程式的方式，或是透露太多；請不要用，想知道什麼就印出來",
	},
	{"a program's flags are its main function's; take what you need as a parameter",
		"程式的旗標屬於 main；需要的值請用參數傳入"},
	{"it is for tests, and those are the course's; use it in a file of tests that you don't hand in",
		"它是給測試用的，而測試用的是課程的；請放在不繳交的測試檔裡"},
	{"it is the solution, which is not there when code is graded; write your own",
		"那是解答，評分的時候不會有；請自己寫"},
	{"it belongs to whoever judges; use the standard library", "那是評分用的；請用標準函式庫"},
	{"a lesson is judged by itself, with the packages in folders below its own, but for demo and testdata; put a " +
		"copy of that code there",
		"每一課單獨評分，只看這一課的資料夾和其下各資料夾裡的套件（demo 和 testdata 除外）；請把那段程式複製到那裡"},
	{"it reaches values of any type, and so memory; of reflect, use DeepEqual and TypeOf, or a type switch",
		"它碰得到任何型別的值，也就碰得到記憶體；reflect 請只用 DeepEqual 和 TypeOf，或改用 type switch"},
	{"it is not there when code is graded; use the standard library, or write here what you need of it",
		"評分的時候沒有這個套件；請用標準函式庫，或是把需要的部分寫在這裡"},
	{"no lesson needs it; do it with package net and what else is permitted, or ask your instructor",
		"沒有一課需要它；請用 net 套件和其他允許的套件來做，或是問老師"},

	// What is used of a package.
	{"uses %s: %s", "用了 %s：%s"},
	{"it ends the whole program, and all its tests with it; return the error",
		"它會結束整個程式，所有測試也跟著結束；請回傳錯誤"},
	{"a descriptor by number may be anybody's; use the sockets that package net opens, and io.Pipe",
		"只憑號碼，不知道 descriptor 是誰的；請用 net 套件開的 socket，以及 io.Pipe"},
	{"it makes a socket of a raw descriptor; use the functions Dial and Listen",
		"它用原始的 descriptor 做出 socket；請用 Dial 和 Listen 開頭的函式"},
	{"such a socket is a file, and passes descriptors on; use UDP", "這種 socket 是檔案，還能轉交 descriptor；請用 " +
		"UDP"},
	{"other processes, and their signals, are not this code's; ctx says when to stop",
		"別的行程和訊號不歸這段程式管；什麼時候該停，看 ctx"},
	{"code that is graded writes no files; return what there is to say, or print it",
		"評分的程式不寫檔案；有話要說，請回傳或印出來"},
	{"it changes the whole program's surroundings; keep the value in a variable",
		"它會改變整個程式的環境；請把值放在變數裡"},
	{"no lesson needs it; of os, what reads and prints is permitted", "沒有一課需要它；os 只允許讀取和列印的部分"},
	{
		"it goes past Go to the system, where only errors' numbers and options of sockets are permitted; use " +
			"package net",
		"它繞過 Go 直接找系統，那裡只允許錯誤代碼和 socket 選項；請用 net 套件",
	},
	{"could change %s: %s", "可能會改變 %s：%s"},
	{"everybody prints there; use fmt.Fprint with a writer of your own", "大家都印在那裡；請用 fmt.Fprint 和自己的 " +
		"writer"},
	{"it is the whole program's; take what you need as a parameter", "它屬於整個程式；需要的值請用參數傳入"},
	{"everybody asks it for addresses; make a net.Resolver of your own", "大家都向它查位址；請自己建一個 net.Resolver"},
	{"it belongs to the standard library, and so to everybody; copy it into a variable of your own",
		"它屬於標準函式庫，大家共用；請複製到自己的變數裡"},
	{"reads %s, which is of processes and their memory; what the system is set to is below /proc/sys",
		"讀取了 %s，那是行程和它們的記憶體；系統的設定在 /proc/sys 下面"},
	{"reads %s, and no file of the course is there when code is graded; write into the code what it holds",
		"讀取了 %s，評分的時候沒有課程的檔案；請把內容寫進程式裡"},

	// Orders to the compiler.
	{"declares TestMain: the tests are the course's; give the function another name",
		"宣告了 TestMain：測試用的是課程的；請換個函式名稱"},
	{"embeds a file, and only code is handed in; write into the code what it holds",
		"嵌入了檔案，可是繳交的只有程式；請把內容寫進程式裡"},
	{"takes what a package does not export, by linkname; use what it exports",
		"用 linkname 拿了套件沒有公開的東西；請用它公開的"},
	{"%s is an order to the compiler that breaks Go's rules; take the line out",
		"%s 是要編譯器打破 Go 規則的指示；請刪掉這一行"},
	{
		"says by a line directive that the code is elsewhere; take the comment out, or put a blank before its " +
			"first word",
		"用 line 指示說程式在別的地方；請刪掉這個註解，或是在第一個字前面加空格",
	},

	// What costs the compiler dearly.
	{"the code is nested more than %d deep; give its parts names", "程式的巢狀超過 %d 層；請把其中的部分拆開命名"},
	{"the function is too long to be compiled in good time; make several of it, or a table",
		"函式太長，編譯要花太久；請拆成幾個，或改用表格"},
	{"the number is too big for any type of Go's; write a smaller one", "這個數字大到 Go 沒有型別放得下；請寫小一點"},
	{"a number is shifted by more than %d bits; shift it by fewer", "數字位移超過 %d 位元；請少移一點"},
	{"the array has more than %d elements; use make, and fewer", "陣列超過 %d 個元素；請用 make，並且少一點"},
	{"more than %d constants or generic types and functions are made of one another; make it simpler",
		"超過 %d 個常數或泛型的型別、函式一個套一個；請寫簡單一點"},
}
