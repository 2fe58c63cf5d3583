package text

// capabilitySentences are what a machine may lack, and the cures.
var capabilitySentences = []Text{
	{"needs %s, which this machine lacks (%v): %s", "需要%s，這台電腦沒有（%v）：%s"},
	{"timers as Go has them since 1.23", "Go 1.23 以後的計時器"},
	{"take asynctimerchan out of the variable GODEBUG (unset GODEBUG)",
		"把 asynctimerchan 從環境變數 GODEBUG 拿掉（unset GODEBUG）"},
	{"%d files and sockets", " %d 個檔案和 socket"},
	{"more files and sockets", "更多檔案和 socket"},
	{"let a process have more (ulimit -n %d)", "提高每個行程的上限（ulimit -n %d）"},
	{"end other programs that have many sockets, or allow more", "結束開了很多 socket 的其他程式，或是提高上限"},
	{`sysctl net.ipv4.ip_local_port_range="32768 60999"`, `sysctl net.ipv4.ip_local_port_range="32768 60999"`},
	{"the loopback address 127.0.0.1", " loopback 位址 127.0.0.1"},
	{"bring loopback up (on Linux: ip link set lo up), and let no firewall drop what is sent there",
		"啟用 loopback（Linux：ip link set lo up），並確認防火牆沒有擋下送往那裡的封包"},
	{"IPv6 on loopback", " loopback 上的 IPv6"},
	{"switch IPv6 on (on Linux: sysctl net.ipv6.conf.lo.disable_ipv6=0), and let no firewall drop what is " +
		"sent to ::1",
		"啟用 IPv6（Linux：sysctl net.ipv6.conf.lo.disable_ipv6=0），並確認防火牆沒有擋下送往 ::1 的封包"},
	{"a second loopback address", "第二個 loopback 位址"},
	{"give loopback the address 127.0.0.2 (on macOS: sudo ifconfig lo0 alias 127.0.0.2)",
		"讓 loopback 也有位址 127.0.0.2（macOS：sudo ifconfig lo0 alias 127.0.0.2）"},
	{"broadcasts on loopback", " loopback 上的廣播"},
	{"run the tests on Linux, with an ordinary loopback (127.0.0.1/8)",
		"在 Linux 上執行測試，loopback 要是一般的 127.0.0.1/8"},
	{"an address at which no socket can be opened", "一個開不了 socket 的位址"},
	{"let only addresses be used that the computer has (on Linux: sysctl net.ipv4.ip_nonlocal_bind=0 " +
		"net.ipv6.ip_nonlocal_bind=0)",
		"只允許使用這台電腦有的位址（Linux：sysctl net.ipv4.ip_nonlocal_bind=0 net.ipv6.ip_nonlocal_bind=0）"},
	{"a port that the user may not open", "一個使用者沒有權限開的連接埠"},
	{"run the tests as an ordinary user, not as root; if you are one already, low ports are open to everybody here " +
		"(on Linux, sysctl net.ipv4.ip_unprivileged_port_start=1024 closes them)",
		"用一般使用者執行測試，不要用 root；如果已經是一般使用者，就是這台電腦讓大家都能開號碼小的連接埠" +
			"（在 Linux 上，sysctl net.ipv4.ip_unprivileged_port_start=1024 可以關掉）"},
}
