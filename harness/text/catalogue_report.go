package text

// reportSentences are what is said when a class's marks are written for another system.
var reportSentences = []Text{
	// the command line
	{"Write a class's marks for Canvas, Moodle, Gradescope and others.",
		"把全班分數寫成 Canvas、Moodle、Gradescope 等系統的格式。"},
	{"A directory of go tool kata grade.", "go tool kata grade 的結果目錄。"},
	{"For what: html, canvas, moodle, feedback, gradescope, junit, …",
		"格式：html、canvas、moodle、feedback、gradescope、junit……"},
	{"What it is worth in Canvas; the course's points, unless given.", "作業在 Canvas 上的滿分；不給就是課程的總分。"},
	{"The file or directory; else it is printed.", "要寫到哪個檔案或目錄。不給就印出來。"},
	{"Who, for gradescope and classroom50: as in grades.csv.",
		"gradescope 和 classroom50 用：哪位學生，照 grades.csv 的寫法。"},
	{"The table to fill, as Moodle or Canvas exported it.", "要填的表，就是 Moodle 或 Canvas 匯出的檔案。"},
	{"Canvas's column, as in \"UDP (1234)\".", "Canvas 的欄名，例如 \"UDP (1234)\"。"},
	{"Gradescope's: visible, hidden, after_due_date or after_published.",
		"Gradescope 用：visible、hidden、after_due_date 或 after_published。"},
	{"Marks in %s: %d.", "%s 裡有 %d 個分數。"},
	{"Marks in %s: %d, out of %s points.", "%s 裡有 %d 個分數，滿分 %s 分。"},
	{"The marks are out of %s points. If the assignment is worth others in Canvas, give those with --out-of.",
		"分數以 %s 分為滿分。作業在 Canvas 上的滿分如果不同，請用 --out-of 指定。"},
	{"Rows of %s that have no mark from here: %d (%s)", "%s 有 %d 列沒有填入分數：%s"},
	{"Rows of %s that had another grade: %d (%s)", "%s 有 %d 列原本是別的成績：%s"},
	{"Rows of %s that stay as they were, as they are excused (EX) or can't be changed: %d (%s)",
		"%s 有 %d 列維持原樣，因為已豁免（EX）或不能更改：%s"},
	{"participant %s is %s in %s, and %s in the submissions: is it this assignment's worksheet?",
		"編號 %s 在 %[3]s 裡是 %[2]s，在繳交的作業裡是 %[4]s：這是這份作業的評分工作表嗎？"},
	{"moodle has no use for --out-of, as Moodle's maximum is the worksheet's: change it in the assignment, and " +
		"download the worksheet again",
		"moodle 用不到 --out-of，因為滿分以評分工作表為準：請在 Moodle 的作業設定裡改，再重新下載工作表"},
	{"As a grade here: %s of %s.", "換算成這裡的成績：%s／%s。"},
	{"no mark is in it for %s", "裡面沒有這位的分數：%s"},
	{"--sheet has what the assignment is worth, and --out-of says it too: give one of them",
		"作業的滿分，--sheet 的表裡有，--out-of 也給了：請只給一個"},
	{"--out-of is what the assignment is worth in Canvas, as in 100, and not %q",
		"--out-of 是作業在 Canvas 上的滿分，例如 100，而不是 %q"},
	{"--format is one of %s, and not %q", "--format 是 %s 其中之一，而不是 %q"},
	{"%s has no marks yet, as %s is missing: go tool kata grade SUBMISSIONS -o %s makes them (if it was stopped, the " +
		"same command goes on), and go tool kata merge %s if other machines have a part",
		"%s 還沒有分數，因為缺了 %s：用 go tool kata grade 作業 -o %s 評分（如果中斷過，同樣的命令會接著評）；" +
			"如果有一部分在別台機器，再用 go tool kata merge %s 合併"},
	{"%s has no marks yet, as %s is missing: go tool kata grade SUBMISSIONS -o %s makes them (if it was stopped, the " +
		"same command goes on)",
		"%s 還沒有分數，因為缺了 %s：用 go tool kata grade 作業 -o %s 評分（如果中斷過，同樣的命令會接著評）"},
	{"%s is no directory: make it, or give another file with -o than %s",
		"%s 不是目錄：請先建立它，或用 -o 給 %s 以外的檔案"},
	{"%s can't be a directory, as a part of its path is a file: give another one with -o",
		"%s 不能是目錄，因為路徑的一部分是檔案：請用 -o 給別的目錄"},
	{"%s is a file: give the directory that it is in, which go tool kata grade had as -o",
		"%s 是檔案：請給它所在的目錄，也就是 go tool kata grade 的 -o"},
	{"%s has no use for --%s: leave it out", "%s 用不到 --%s：請拿掉"},
	{"%s is several files: give a directory for them with -o", "%s 會有好幾個檔案：請用 -o 給一個目錄"},
	{"%s is not empty: give another directory with -o, or empty it", "%s 不是空的：請用 -o 給別的目錄，或先清空它"},
	{"%s is no ordinary file: give the name of one with -o, or leave that out",
		"%s 不是一般檔案：請用 -o 給一個檔名，或不要給 -o"},

	// of whom
	{"this is of one student, and there are %d: say with --student who it is",
		"這個格式只寫一位學生，而這裡有 %d 位：請用 --student 說是誰"},
	{"there is no student %q: grades.csv has the names", "沒有學生 %q：名字都在 grades.csv"},
	{"there are %d students %q: give the number that grades.csv has, if there is one",
		"有 %d 位學生都叫 %q：請改給 grades.csv 裡的號碼（如果有的話）"},
	{"Canvas can't take the mark of who has no name; grade again once names are shown",
		"Canvas 沒辦法收匿名者的分數；等姓名公開後再評一次"},
	{"not in %s", "%s 裡沒有這個人"},
	{"more than one row of %s can be meant", "%s 裡有不只一列可能是這個人"},
	{"somebody else has that row of %s already", "%s 裡的那一列已經給了別人"},

	// tables of platforms
	{"%s is no table in UTF-8: give the file as the platform exported it, or save it as \"CSV UTF-8\"",
		"%s 不是 UTF-8 的表：請給平台匯出的原檔，或另存成「CSV UTF-8」"},
	{"%s is empty: give the table that the platform exports", "%s 是空的：請給平台匯出的表"},
	{"%s:%d: a quotation mark has no partner: export the table again", "%s:%d：引號沒有成對：請重新匯出這張表"},
	{"%s:%d: cells in the row: %d, and in the head: %d; export the table again",
		"%s:%d：這一列有 %d 格，而標題列有 %d 格：請重新匯出這張表"},
	{"--visibility is one of %s, and not %q", "--visibility 是 %s 其中之一，而不是 %q"},
	{"canvas needs --assignment, as a gradebook that Canvas exports has it: \"Title (id)\"",
		"canvas 需要 --assignment，照 Canvas 匯出的成績簿的欄名寫：\"Title (id)\""},
	{"--assignment is one line, as a gradebook that Canvas exports has it: \"Title (id)\"",
		"--assignment 只能有一行，照 Canvas 匯出的成績簿的欄名寫：\"Title (id)\""},
	{"--assignment %q has no id: write it as a gradebook that Canvas exports has it, \"Title (id)\", or Canvas " +
		"makes a new assignment",
		"--assignment %q 沒有編號：請照 Canvas 匯出的成績簿的欄名寫，\"Title (id)\"，" +
			"否則 Canvas 會新增一個作業"},
	{"%s is no gradebook of Canvas's, which has a column ID: its head is %s",
		"%s 不是 Canvas 的成績簿，因為沒有 ID 欄：它的標題列是 %s"},
	{"%s has no assignment %q; its columns are %s", "%s 沒有作業 %q；它的欄位是 %s"},
	{"moodle fills a grading worksheet: download it from the assignment (\"Download grading worksheet\"), and give " +
		"it with --sheet",
		"moodle 要填評分工作表：請從作業頁下載（Download grading worksheet），再用 --sheet 指定"},
	{"%s has no column %q, in English or Chinese: download the worksheet from Moodle anew, in one of these " +
		"languages; its head is %s",
		"%s 沒有 %q 欄（英文或中文）：請用其中一種語言，從 Moodle 重新下載評分工作表；" +
			"它的標題列是 %s"},
	{"%s:%d: the maximum grade is %q, which is no number: let Moodle grade by points, not by a scale",
		"%s:%d：最高成績是 %q，不是數字：請讓 Moodle 用分數評分，不要用量尺"},
	{"classroom50 needs %s in the environment, where Classroom 50's runner puts it: call this from an autograder.py",
		"classroom50 需要環境變數 %s，由 Classroom 50 的執行環境設定：請在 autograder.py 裡呼叫"},

	// in a report
	{"There is no result.", "沒有結果。"},
	{"%s points: %d of %d%s", "%s 分：%d／%d%s"},
	{", times %s for being late", "，遲交再乘以 %s"},
	{"… (%d bytes more)", "……（還有 %d 個位元組）"},
}
