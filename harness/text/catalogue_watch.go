package text

// watchSentences are those of the command line's watch.
var watchSentences = []Text{
	{"Give %s back its files as they were handed out? Yours are kept beside them. (y/n)\n",
		"要把 %s 的檔案還原成最初的樣子嗎？你寫的檔案會保留在旁邊。（y/n）\n"},
	{"Nothing could be judged: %s\n", "無法判斷：%s\n"},
	{"Nothing was changed.\n", "什麼都沒有更動。\n"},
	{"Now: %s, %s\n", "現在：%s，%s\n"},
	{"Running %s …\n", "正在執行 %s…\n"},
	{"Running all tasks, to see where you are … The first time takes a while; what you save meanwhile counts.\n",
		"正在執行所有任務，看看你進行到哪裡…第一次要花一點時間；這段時間存的檔不會漏掉。\n"},
	{"The files are looked at twice a second, as this computer does not say when they change (%s).\n",
		"這台電腦不會通知檔案的變動，所以改為每秒檢查檔案兩次（%s）。\n"},
	{"This is the first task.\n", "這是第一個任務。\n"},
	{"This is the last task.\n", "這是最後一個任務。\n"},
	{"This one passes.\n", "這個任務通過了。\n"},
	{`h  shows one hint more
l  lists all tasks
n  goes on to the next task, and p back to the one before, whatever has passed
r  runs the task again; a file that you save is run by itself
e  opens the task's line in your editor ($VISUAL or $EDITOR)
s  shows the solution
x  gives the lesson back its files as they were handed out, and keeps yours
q  quits
`, `h  再看一個提示
l  列出所有任務
n  前往下一個任務，p 回到上一個，不論通過了沒有
r  再執行一次這個任務；存檔時會自動執行
e  用你的編輯器（$VISUAL 或 $EDITOR）開啟任務所在的那一行
s  顯示解答
x  把這一課的檔案還原成最初的樣子，你寫的會保留下來
q  離開
`},
	{"help", "說明"},
	{"hint", "提示"},
	{"list", "列表"},
	{"next", "下一個"},
	{"previous", "上一個"},
	{"quit", "離開"},
	{"rerun", "重跑"},
	{"reset", "還原"},
	{"solution", "解答"},
	{"★ %s passes, and with it all of %s. Congratulations!\n", "★ %s 通過了，%s 也全部完成了，恭喜！\n"},
	{"✓ %s passes. Nicely written!\n", "✓ %s 通過了，寫得漂亮！\n"},
	{"✓ %s passes. That's it!\n", "✓ %s 通過了，就是這樣！\n"},
	{"✓ %s passes. Well done!\n", "✓ %s 通過了，做得好！\n"},
}
