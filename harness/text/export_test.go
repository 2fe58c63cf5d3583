package text

var (
	Own   = catalogue
	Parts = parts
)
