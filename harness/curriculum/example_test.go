package curriculum_test

import (
	"fmt"

	"udpkata/harness/curriculum"
)

// The lessons of the repository that this directory is in, up to the first one that
// has tasks.
func Example() {
	root, err := curriculum.Root(".")
	if err != nil {
		fmt.Println(err)
		return
	}
	lessons, err := curriculum.Load(root)
	if err != nil {
		fmt.Println(err) // all that does not agree in lessons/
		return
	}
	for _, lesson := range lessons {
		if len(lesson.Tasks) > 0 {
			fmt.Println(lesson.Name, "has tasks")
			break
		}
		fmt.Println(lesson.Name, "is a page to read")
	}
	// Output:
	// 00-before is a page to read
	// 01-ports has tasks
}
