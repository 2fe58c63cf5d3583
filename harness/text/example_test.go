package text_test

import (
	"fmt"

	"udpkata/harness/text"
)

// The code says a sentence in English; its Chinese is in the catalogue. A Text among
// the arguments stands in the language of the whole.
func ExampleSay() {
	sentence := text.Say("%s did not return: %s.", "Serve", text.Say("waits in %s", "ReadFrom"))
	fmt.Println(sentence.In(text.English))
	fmt.Println(sentence.In(text.Chinese))
	// Output:
	// Serve did not return: waits in ReadFrom.
	// Serve 沒有回傳：在 ReadFrom 裡等。
}
