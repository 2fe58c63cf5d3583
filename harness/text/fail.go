package text

// Fail makes an error of a sentence, as [Say] does, which is said in the student's language. It wraps those of the
// arguments that are errors.
func Fail(format string, args ...any) error {
	f := &failure{said: Say(format, args...)}
	for _, arg := range args {
		if err, ok := arg.(error); ok {
			f.causes = append(f.causes, err)
		}
	}
	return f
}

type failure struct {
	said   Text
	causes []error
}

func (f *failure) Error() string   { return f.said.In(Preferred()) }
func (f *failure) Unwrap() []error { return f.causes }
