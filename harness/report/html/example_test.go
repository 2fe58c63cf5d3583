package html_test

import (
	"fmt"
	"os"

	"udpkata/harness/grade"
	"udpkata/harness/report/html"
	"udpkata/harness/text"
)

// A class that was graded into the directory grades gets its page.
func Example() {
	class, missing, err := grade.Open("grades")
	if err != nil || len(missing) > 0 {
		fmt.Println(err, missing) // of which shards or results are missing
		return
	}
	page, err := os.Create("class.html")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer page.Close()
	err = html.Write(class, page, html.Options{Title: "Networks, autumn", Language: text.Preferred()})
	fmt.Println(err)
}
