package text

import "maps"

// parts of the catalogue, no two of which hold the same sentence.
var parts = []map[string]string{storySentences, wireSentences, diagnosisSentences}

// catalogue holds the Chinese format for each English one. The arguments may stand in
// another order there, as in %[2]s.
var catalogue = union(parts)

func union(parts []map[string]string) map[string]string {
	all := map[string]string{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}
