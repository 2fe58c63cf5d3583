package text

// wireSentences are what package wire says of datagrams.
var wireSentences = []Text{
	// What became of a datagram.
	{"%s; %s", "%s；%s"},
	{"forged: %s did not send it", "偽造的：不是 %s 送的"},
	{"%v on its way", "路上花了 %v"},
	{"arrives %d times", "送到了 %d 次"},
	{"not sent: %v", "沒有送出：%v"},
	{"turned away by the system", "被系統擋掉"},
	{"nobody is there", "那裡沒有程式在監聽"},
	{"only its first %d bytes were read", "只讀了前 %d 個位元組"},
	{"nobody read it", "沒有程式讀取"},
	{"(%d more)", "（還有 %d 個）"},

	// Where what came differs from what was wanted.
	{"What came is the beginning: %d of the %d bytes.", "來的只是開頭：%[2]d 個位元組裡的 %[1]d 個。"},
	{"What came goes on after the %d wanted bytes: %s", "要的 %d 個位元組之後，來的還有：%s"},
	{"wanted", "要的"},
	{"came", "來的"},
	{"they part at byte %d", "從位元組 %d 起不同"},
}
