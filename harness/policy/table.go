package policy

import (
	"path"
	"strings"

	"udpkata/harness/text"
)

// A permit is a row of what may be imported, and of what of it may be used.
type permit struct {
	packages string // paths, with blanks between them
	names    string // patterns as path.Match has them, with blanks between them; all names if it is empty
	why      string
}

var permitted = []permit{
	{"bufio bytes errors fmt io io/fs path path/filepath regexp regexp/syntax strconv strings text/tabwriter " +
		"text/scanner text/template unicode unicode/utf8 unicode/utf16", "", "text, bytes and errors are values"},
	{"cmp container/heap container/list container/ring iter maps slices sort structs unique weak", "",
		"so are collections"},
	{"encoding encoding/ascii85 encoding/asn1 encoding/base32 encoding/base64 encoding/binary encoding/csv " +
		"encoding/gob encoding/hex encoding/json encoding/pem encoding/xml html net/url", "", "and what they are " +
		"written as"},
	{"crypto crypto/hmac crypto/md5 crypto/rand crypto/sha1 crypto/sha256 crypto/sha3 crypto/sha512 crypto/subtle " +
		"hash hash/adler32 hash/crc32 hash/crc64 hash/fnv hash/maphash math math/big math/bits math/cmplx " +
		"math/rand math/rand/v2", "", "numbers, sums and random ones are, too"},
	{"context sync sync/atomic time", "", "what runs side by side is what the lessons are about"},
	{"net net/netip", "", "so are sockets"},
	{"log log/slog", "", "who looks for a mistake prints"},
	{"os", "Args Stdout Stderr File Getenv LookupEnv Environ ExpandEnv Expand ReadFile Open ReadDir Stat Lstat " +
		"Readlink FileInfo FileMode DirEntry Mode* O_RDONLY Is* SameFile Err* PathError LinkError SyscallError " +
		"NewSyscallError Getpid Getppid Getuid Geteuid Getgid Getegid Getpagesize Getwd Hostname TempDir " +
		"DevNull PathSeparator PathListSeparator", "it reads and prints"},
	{"io/ioutil", "Discard NopCloser ReadAll ReadFile ReadDir", "so does what had its place there before Go 1.16"},
	{"reflect", "DeepEqual TypeOf TypeFor Type Kind", "it compares, and names types"},
	{"runtime", "Gosched NumGoroutine NumCPU GOMAXPROCS GOOS GOARCH Version Compiler Caller Callers CallersFrames " +
		"Frame Frames Func FuncForPC Stack GC KeepAlive MemStats ReadMemStats Error TypeAssertionError PanicNilError",
		"it looks at Go, and leaves it as it is"},
	{"syscall golang.org/x/sys/unix golang.org/x/sys/windows", "E[A-Z0-9]* WSAE* Errno ErrnoName AF_* IPPROTO_* " +
		"IP_* IPV6_* MSG_* SOCK_* SOL_* SO_* SO Setsockopt* Getsockopt* Conn RawConn Handle",
		"it names errors, and has options of sockets that package net lacks"},
}

// A refused row says why something may not be imported or used, and what to do instead.
type refused struct {
	packages string // patterns, with blanks between them; one that ends in /... has all below it, too
	// patterns, with blanks between them; if it is empty, it is about the package, or what is left of it
	names string
	why   text.Text
}

var refusals = []refused{
	{"unsafe", "", text.Say("it reaches any memory; turn bytes into numbers with encoding/binary")},
	{"plugin", "", text.Say("it loads code that nobody has read; write here what it does")},
	{"C", "", text.Say("it is code in C; write it in Go")},
	{"embed", "", text.Say("only code is handed in, and no files beside it; write into the code what they hold")},
	{"os/exec", "", text.Say("it starts other programs, and there are none where code is graded; do it in Go")},
	{"os/signal", "", text.Say("signals are for a whole program, and this is a part of one; ctx says when to stop")},
	{"runtime/...", "Goexit", text.Say("it ends the goroutine of whoever has called you; return instead")},
	{"runtime/...", "", text.Say("it changes how Go runs the whole program, or tells too much of it; do without, " +
		"and print what you want to know")},
	{"flag", "", text.Say("a program's flags are its main function's; take what you need as a parameter")},
	{"testing/...", "", text.Say("it is for tests, and those are the course's; use it in a file of tests that you " +
		"don't hand in")},
	{"*/solutions/...", "", text.Say("it is the solution, which is not there when code is graded; write your own")},
	{"*/harness/...", "", text.Say("it belongs to whoever judges; use the standard library")},
	{"*/lessons/...", "", text.Say("a lesson is judged by itself, with the packages in folders below its own, but " +
		"for demo and testdata; put a copy of that code there")},
	{"reflect", "", text.Say("it reaches values of any type, and so memory; of reflect, use DeepEqual and TypeOf, " +
		"or a type switch")},

	{"os", "Exit", text.Say("it ends the whole program, and all its tests with it; return the error")},
	{"os", "NewFile Pipe", text.Say("a descriptor by number may be anybody's; use the sockets that package net " +
		"opens, and io.Pipe")},
	{"net", "FileConn FileListener FilePacketConn", text.Say("it makes a socket of a raw descriptor; use the " +
		"functions Dial and Listen")},
	{"net", "DialUnix ListenUnix* ResolveUnixAddr Unix*", text.Say("such a socket is a file, and passes " +
		"descriptors on; use UDP")},
	{"os", "FindProcess StartProcess Process* ProcAttr Signal Interrupt Kill", text.Say("other processes, and " +
		"their signals, are not this code's; ctx says when to stop")},
	{"os", "Create CreateTemp MkdirTemp Mkdir MkdirAll WriteFile OpenFile O_* Remove RemoveAll Rename Chmod Chown " +
		"Lchown Chtimes Truncate Symlink Link CopyFS Root OpenRoot OpenInRoot", text.Say("code that is graded " +
		"writes no files; return what there is to say, or print it")},
	{"os", "Setenv Unsetenv Clearenv Chdir", text.Say("it changes the whole program's surroundings; keep the value " +
		"in a variable")},
	{"os", "", text.Say("no lesson needs it; of os, what reads and prints is permitted")},
	{"syscall golang.org/x/sys/unix golang.org/x/sys/windows", "", text.Say("it goes past Go to the system, where " +
		"only errors' numbers and options of sockets are permitted; use package net")},
}

// variables are those of the standard library whose change has a reason of its own.
var variables = []refused{
	{"os", "Stdout Stderr Stdin", text.Say("everybody prints there; use fmt.Fprint with a writer of your own")},
	{"os", "Args", text.Say("it is the whole program's; take what you need as a parameter")},
	{"net", "DefaultResolver", text.Say("everybody asks it for addresses; make a net.Resolver of your own")},
	{"*", "*", text.Say("it belongs to the standard library, and so to everybody; copy it into a variable of your " +
		"own")},
}

// whyNotImport says why a package may not be imported, if it may not.
func whyNotImport(importPath string) (why text.Text, refused bool) {
	if _, ok := permitFor(importPath); ok {
		return text.Text{}, false
	}
	for _, r := range refusals {
		if r.names == "" && r.has(importPath) {
			return r.why, true
		}
	}
	if first, _, _ := strings.Cut(importPath, "/"); strings.Contains(first, ".") {
		return text.Say("it is not there when code is graded; use the standard library, or write here what you " +
			"need of it"), true
	}
	return text.Say("no lesson needs it; do it with package net and what else is permitted, or ask your " +
		"instructor"), true
}

// whyNotUse says why something of a package may not be used, if it may not. The import of a package that is not
// permitted at all is enough said.
func whyNotUse(importPath, name string) (why text.Text, refused bool) {
	row, ok := permitFor(importPath)
	if !ok || row.names != "" && matches(row.names, name) {
		return text.Text{}, false
	}
	for _, r := range refusals {
		if r.names != "" && r.has(importPath) && matches(r.names, name) {
			return r.why, true
		}
	}
	if row.names == "" {
		return text.Text{}, false
	}
	for _, r := range refusals {
		if r.names == "" && r.has(importPath) {
			return r.why, true
		}
	}
	panic("policy: no row says why not all of " + importPath + " may be used")
}

// permitFor returns the row of what is permitted that has a package.
func permitFor(importPath string) (permit, bool) {
	for _, row := range permitted {
		for p := range strings.FieldsSeq(row.packages) {
			if p == importPath {
				return row, true
			}
		}
	}
	return permit{}, false
}

// has reports whether a row is about a package.
func (r refused) has(importPath string) bool {
	for pattern := range strings.FieldsSeq(r.packages) {
		above, all := strings.CutSuffix(pattern, "/...")
		if !all {
			if ok, _ := path.Match(pattern, importPath); ok {
				return true
			}
			continue
		}
		parts := strings.SplitN(importPath, "/", strings.Count(above, "/")+2)
		if n := strings.Count(above, "/") + 1; len(parts) >= n {
			if ok, _ := path.Match(above, strings.Join(parts[:n], "/")); ok {
				return true
			}
		}
	}
	return false
}

// matches reports whether a name is one of some patterns.
func matches(patterns, name string) bool {
	for p := range strings.FieldsSeq(patterns) {
		if ok, _ := path.Match(p, name); ok {
			return true
		}
	}
	return false
}
