package text

// parts of the catalogue, which are formats. No sentence stands there twice.
var parts = [][]Text{storySentences, whateverSentences, wireSentences, diagnosisSentences, kataSentences,
	watchSentences, filesSentences, helpSentences, policySentences, capabilitySentences,
	intakeSentences, gradeSentences, reportSentences}

// catalogue holds the Chinese format for each English one. The arguments may stand in
// another order there, as in %[2]s.
var catalogue = union(parts)

func union(parts [][]Text) map[string]string {
	all := map[string]string{}
	for _, part := range parts {
		for _, sentence := range part {
			all[sentence.EN] = sentence.ZH
		}
	}
	return all
}
