package text

var (
	Catalogue = catalogue
	Parts     = parts
)
