package text

// kataSentences are those of the command line.
var kataSentences = []Text{
	{"%d of %d tasks, %d of %d points\n", "%d／%d 個任務，%d／%d 分\n"},
	{"%s, worth %d\n\n", "%s，%d 分\n\n"},
	{"passed", "通過"},
	{"failed", "失敗"},
	{"todo", "待寫"},
	{"did not compile", "無法編譯"},
	{"crashed", "當掉"},
	{"stuck", "卡住"},
	{"skipped", "跳過"},
	{"not run", "沒有執行"},
	{"%s, hint %d of %d\n\n", "%s，提示 %d／%d\n\n"},
	{"Every task passes that this computer can tell of. Well done!\n", "這台電腦能判斷的任務全都通過了，做得好！\n"},
	{"It passes. go tool kata next goes on.\n", "通過了！用 go tool kata next 前往下一個任務。\n"},
	{"Next: %s, %s\n", "下一個：%s，%s\n"},
	{"That was the last one. go tool kata hint --all shows all of them.\n",
		"這是最後一個提示。用 go tool kata hint --all 可以看全部。\n"},
	{"a hint", "看一個提示"},
	{"go tool kata hint shows the next one.\n", "用 go tool kata hint 看下一個提示。\n"},
	{"see whether it passes", "看看通過了沒有"},
	{"what it wants", "看它要什麼"},
}
