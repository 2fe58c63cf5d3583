package text

// catalogue holds the Chinese format for each English one. The arguments may stand in
// another order there, as in %[2]s.
var catalogue = map[string]string{}
