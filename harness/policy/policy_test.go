package policy_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/curriculum"
	"udpkata/harness/judge"
	"udpkata/harness/policy"
	"udpkata/harness/text"
)

// lesson has a stub, a stub for Linux, a given file, and a file of tests.
var lesson = curriculum.Lesson{
	Name:        "02-echo",
	TestPackage: "echo_test",
	Tasks:       []curriculum.Task{{Name: "TestAsk", File: "echo_test.go"}},
	Files:       []curriculum.File{{Name: "echo.go"}, {Name: "echo_linux.go"}, {Name: "read.go", Given: true}},
}

// check returns what is refused of one file, as lines.
func check(name, content string) (all []string) {
	for _, r := range policy.Check(lesson, map[string][]byte{name: []byte(content)}) {
		all = append(all, r.String())
	}
	return all
}

// source makes a file of what stands below the imports. What needs imports begins with them.
func source(code string) string { return "package echo\n\n" + code + "\n" }

// TestPasses: ordinary code that a policy may be tempted to refuse.
func TestPasses(t *testing.T) {
	for _, tt := range []struct{ name, code string }{
		{"debug prints", `import ("fmt"; "log"; "os")
func f() { fmt.Println("here"); log.Printf("%v", 1); fmt.Fprintln(os.Stderr, "x"); println("y") }`},
		{"log.New", `import ("log"; "os")
var logger = log.New(os.Stderr, "echo: ", log.Lshortfile)
func f() { logger.Println(1); log.SetFlags(0); log.SetOutput(os.Stdout); log.Panicln("no") }`},
		{"log/slog", `import ("log/slog"; "os")
var logger = slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelDebug}))`},
		{"debug switch", `import "os"
var debug = os.Getenv("DEBUG") != ""`},
		{"regular expressions", "import \"regexp\"\nvar word = regexp.MustCompile(`^[0-9]+$`)"},
		{"sync", `import "sync"
var once sync.Once
var pool = sync.Pool{New: func() any { return new([65535]byte) }}
var table = sync.OnceValue(func() map[int]string { return map[int]string{1: "a"} })`},
		{"tables", `var buf, byPort = make([]byte, 1<<16), map[int]string{53: "dns", 1 << 40: "none"}
var crc [256]uint32
var ports [65536][]byte`},
		{"init", "func init() { for i := range crc { crc[i] = uint32(i) } }\nvar crc [256]uint32"},
		{"generics", `type set[K comparable] map[K]struct{}
func (s set[K]) has(k K) bool { _, ok := s[k]; return ok }
func keys[M ~map[K]V, K comparable, V any](m M) (all []K) { for k := range m { all = append(all, k) }; return all }`},
		{"embedded types", `import "net"
type conn struct { net.PacketConn; n int }
func (c *conn) ReadFrom(p []byte) (int, net.Addr, error) { c.n++; return c.PacketConn.ReadFrom(p) }`},
		{"goto and labels", "func f() {\nagain:\n\tfor { break again; goto again }\n}"},
		{"odd comments", "//go:generate stringer -type=kind\n//go:noinline\n//go:fix inline\n//nolint:all\n// +x\n" +
			"// line 3: is wrong\n//line 3 is wrong\n/* line a:1 */\n//export F\n//TODO\nfunc f() {}"},
		{"CRLF", "func f() {\r\n\t// one\r\n}\r\n"},
		{"Chinese", "import \"errors\"\nvar 錯誤 = errors.New(\"連接埠已被占用\u3000，請換一個\")\n// 註解：你好 👨" +
			"\u200d👩\u200d👧 ⚠\ufe0f 1\ufe0f\u20e3"},
		{"other scripts", "var Δt, λ, σMax, ошибка, größe, 名前, ñ = 1, 2, 3, 4, 5, 6, 7"},
		{"time-outs", `import ("errors"; "net"; "os")
func f(err error) bool { var e net.Error; return os.IsTimeout(err) || errors.As(err, &e) && e.Timeout() ||
	errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed) }`},
		{"containers", `import ("container/heap"; "container/list"; "container/ring")
var l = list.New()
var _, _ = heap.Init, ring.New`},
		{"encodings", `import ("encoding/binary"; "encoding/hex"; "encoding/json")
func f(b []byte) { var v any; json.Unmarshal(b, &v); _ = binary.BigEndian.Uint16(b); _ = hex.Dump(b) }`},
		{"/proc/sys", `import ("bufio"; "os")
const dir = "/proc/sys/net/ipv4/"
func f() { f, _ := os.Open(dir + "ip_local_port_range"); defer f.Close(); bufio.NewReader(f)
	os.ReadFile("/etc/services"); os.ReadFile("/proc/net/udp"); os.ReadFile("/dev/null") }`},
		{"runtime", `import "runtime"
func f() string { runtime.Gosched(); _ = runtime.NumGoroutine(); runtime.Caller(0); return runtime.GOOS }`},
		{"methods of errors", `type bad struct{ cause error }
func (b bad) Error() string { return "bad" }
func (b bad) String() string { return "bad" }
func (b bad) Unwrap() error { return b.cause }
func (b bad) Is(error) bool { return false }`},
		{"options of sockets", `import ("context"; "net"; "syscall"; "golang.org/x/sys/unix")
var config = net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1) }) }}
func f(conn *net.UDPConn) error {
	config.ListenPacket(context.Background(), "udp", "")
	raw, err := conn.SyscallConn(); if err != nil { return err }
	raw.Control(func(fd uintptr) { unix.GetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MTU) })
	if err == syscall.EMSGSIZE { return syscall.Errno(90) }
	file, err := conn.File(); _ = file.Fd()
	return err }`},
		{"other networks", `import "net"
func f() { net.Dial("tcp", ":1"); net.ListenUDP("udp4", nil); net.InterfaceAddrs()
	net.DefaultResolver.LookupPort(nil, "", "") }`},
		{"reading of variables", `import ("net"; "os")
func f() { ip := net.IPv6loopback; _ = net.UDPAddr{IP: net.IPv4bcast}; _ = &net.UDPAddr{}; _ = os.Args[1:]; _ = ip[0]
	_ = append([]byte(nil), net.IPv6loopback...); os.Stdout.WriteString("x"); var _ = net.IPv6zero.To16() }`},
		{"fatal", "import \"log\"\nfunc f(l *log.Logger) { log.Fatalf(\"\"); l.Fatal(1) }"},
		{"reflect", "import \"reflect\"\nvar _, _ = reflect.DeepEqual(1, 2), reflect.TypeOf(1)"},
		{"hiding packages", `import ("fmt"; "log"; "os")
type exit struct{}
func (exit) Exit(int) {}
func (exit) Fatal(...any) {}
type keys struct{ os int; Stdout int }
func f(log exit) { os := exit{}; os.Exit(1); log.Fatal("x"); var k keys; k.Stdout = 1; k.os++; fmt.Print(keys{os: 2}) }
func g() { _ = os.Getpid; log.Print() }`},
		{"names of methods", "type t struct{}\nfunc (t) os() {}\nfunc (t) Exit() {}\nfunc f(x t) { x.Exit(); x.os() }"},
		{"build tag that holds", "func f() {}"},
		{"pasted along", "// zero\u200bwidth\nvar s = \"soft\u00adhyphen, \u2060\" // ❤️ 👩‍💻"},
		{"ioutil", "import (\"io\"; \"io/ioutil\")\nfunc f(r io.Reader) { ioutil.ReadAll(r) }"},
		{"numbers", "const a, b, c = 1 << 62, 0x1p-1074, 1e308\nvar _ = uint64(1) << 63\nconst (x = iota; y; z)"},
		{"else if", "func f(n int) int {\n" + strings.Repeat("if n > 3 { return 1 } else ", 200) + "{ return 2 }\n}"},
		{"does not parse", "func f( {"},
		{"no types", "func f() int { return \"\" + undefined.Name }"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Empty(t, check("echo.go", source(tt.code)))
			require.Empty(t, check("echo.go", "\ufeff"+strings.ReplaceAll(source(tt.code), "\n", "\r\n")))
		})
	}
	t.Run("whole file", func(t *testing.T) {
		for _, content := range []string{"", "nonsense", "\x00\xff", "//go:build !unsupported\n\npackage echo\n",
			"//go:build linux && go1.20\n\npackage echo\n", "//go:build ((\n\npackage echo\n",
			"//go:build ignore\n\npackage main\n", "//go:build stage\n\npackage echo\n",
			"//go:build windows || darwin\n\npackage echo\n"} {
			require.NotContains(t, strings.Join(check("echo.go", content), "\n"), "build tag", "%q", content)
		}
	})
	t.Run("files", func(t *testing.T) {
		bad := source(`import "unsafe"`)
		for _, name := range []string{"echo_test.go", "read.go", "demo/main.go", "testdata/x.go", "README.md",
			".echo.go", "._echo.go", "notes.txt", "echo.go.1.bak", "go.mod"} {
			require.Empty(t, check(name, bad), name)
		}
		for _, name := range []string{"echo_linux.go", "my_own.go", "echo_utils.go", "日本.go", "echo_windows.go",
			"_echo.go", "echo_wasip1.go"} {
			require.Empty(t, check(name, source("")), name)
			require.NotEmpty(t, check(name, bad), name)
		}
	})
}

// TestRefuses: each row is refused for its own reason, at its line.
func TestRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, code string
		line       int
		want       string // how what is said of it begins
	}{
		{"unsafe", `import "unsafe"`, 3, "imports unsafe: it reaches any memory"},
		{"blank import", `import _ "unsafe"`, 3, "imports unsafe: "},
		{"raw string", "import `unsafe`", 3, "imports unsafe: "},
		{"plugin", `import "plugin"`, 3, "imports plugin: it loads code"},
		{"cgo", `import "C"`, 3, "imports C: it is code in C"},
		{"other programs", `import "os/exec"`, 3, "imports os/exec: it starts other programs"},
		{"signals", `import "os/signal"`, 3, "imports os/signal: signals are"},
		{"runtime/debug", `import "runtime/debug"`, 3, "imports runtime/debug: it changes how Go runs"},
		{"flag", `import "flag"`, 3, "imports flag: a program's flags"},
		{"testing", `import "testing/synctest"`, 3, "imports testing/synctest: it is for tests"},
		{"the solution", `import "udpkata/solutions/02-echo"`, 3, "imports udpkata/solutions/02-echo: it is the " +
			"solution"},
		{"harness", `import "udpkata/harness"`, 3, "imports udpkata/harness: it belongs to whoever judges"},
		{"inside harness", `import "udpkata/harness/stage/runner"`, 3, "imports udpkata/harness/stage/runner: it " +
			"belongs"},
		{"lesson", `import "udpkata/lessons/01-ports"`, 3, "imports udpkata/lessons/01-ports: a lesson is judged by " +
			"itself"},
		{"module", `import "github.com/me/mine"`, 3, "imports github.com/me/mine: it is not there"},
		{"the rest of x/sys", `import "golang.org/x/sys/cpu"`, 3, "imports golang.org/x/sys/cpu: it is not there"},
		{"relative", `import "./mine"`, 3, "imports ./mine: it is not there"},
		{"no need", `import "net/http"`, 3, "imports net/http: no lesson needs it"},
		{"dot", "import . \"os\"\nfunc f() { Exit(0) }", 3, "imports os with a dot, so that nobody can tell"},
		{"path with controls", `import "a\x1bb.c/d"`, 3, `imports a\u001Bb.c/d: `},

		{"exit", "import \"os\"\nfunc f() { os.Exit(0) }", 4, "uses os.Exit: it ends the whole program"},
		{"renamed", "import fmt \"os\"\nfunc f() { fmt.Exit(0) }", 4, "uses os.Exit: "},
		{"value", "import \"os\"\nvar f = os.Exit", 4, "uses os.Exit: "},
		{"parentheses", "import \"os\"\nvar f = (os).Exit", 4, "uses os.Exit: "},
		{"hidden elsewhere", "import \"os\"\nfunc f() {\n{ os := 1; _ = os }\nos.Exit(1) }", 6, "uses os.Exit: "},
		{"hidden later", "import \"os\"\nfunc f() { os.Exit(1); os := 1; _ = os }", 4, "uses os.Exit: "},
		{"hidden by itself", "import \"os\"\nfunc f() { os := os.Exit; _ = os }", 4, "uses os.Exit: "},
		{"in a literal", "import (\"os\"; \"context\")\nvar _ = context.AfterFunc(nil, func() { os.Exit(1) " +
			"})", 4, "uses os.Exit: "},
		{"Goexit", "import \"runtime\"\nfunc f() { runtime.Goexit() }", 4, "uses runtime.Goexit: it ends the " +
			"goroutine"},
		{"runtime", "import \"runtime\"\nfunc f() { runtime.LockOSThread() }", 4, "uses runtime.LockOSThread: it " +
			"changes how"},
		{"reflect", "import \"reflect\"\nvar v = reflect.ValueOf(1)", 4, "uses reflect.ValueOf: it reaches values " +
			"of any type"},
		{"descriptors", "import \"os\"\nvar f = os.NewFile(3, \"\")", 4, "uses os.NewFile: a descriptor by number"},
		{"socket of a file", "import \"net\"\nvar c, _ = net.FilePacketConn(nil)", 4, "uses net.FilePacketConn: it " +
			"makes a socket"},
		{"Unix sockets", "import \"net\"\nvar c net.UnixConn", 4, "uses net.UnixConn: such a socket is a file"},
		{"processes", "import \"os\"\nvar p, _ = os.FindProcess(1)", 4, "uses os.FindProcess: other processes"},
		{"files", "import \"os\"\nvar err = os.WriteFile(\"\", nil, 0)", 4, "uses os.WriteFile: code that is " +
			"graded writes no files"},
		{"environment", "import \"os\"\nvar err = os.Setenv(\"\", \"\")", 4, "uses os.Setenv: it changes the whole " +
			"program's"},
		{"other of os", "import \"os\"\nvar dir, _ = os.UserHomeDir()", 4, "uses os.UserHomeDir: no lesson needs it"},
		{"system calls", "import \"syscall\"\nvar _, _, err = syscall.RawSyscall(1, 2, 3, 4)", 4,
			"uses syscall.RawSyscall: it goes past Go to the system"},
		{"x/sys", "import \"golang.org/x/sys/unix\"\nvar err = unix.Kill(1, 9)", 4, "uses unix.Kill: it goes past Go"},
		{"memory of x/sys", "import \"golang.org/x/sys/unix\"\nvar m, _ = unix.Mmap(0, 0, 0, 0, 0)", 4, "uses " +
			"unix.Mmap: "},

		{"stdout", "import \"os\"\nfunc f() { os.Stdout = nil }", 4, "could change os.Stdout: everybody prints there"},
		{"stderr", "import \"os\"\nfunc f() { _, os.Stderr = 1, nil }", 4, "could change os.Stderr: everybody " +
			"prints there"},
		{"what it points to", "import \"os\"\nfunc f() { *os.Stdout = *os.Stderr }", 4, "could change os.Stdout: "},
		{"closed", "import \"os\"\nfunc f() { os.Stdout.Close() }", 4, "could change os.Stdout: "},
		{"arguments", "import \"os\"\nfunc f() { os.Args[0] = \"\" }", 4, "could change os.Args: it is the whole " +
			"program's"},
		{"resolver", "import \"net\"\nfunc f() { net.DefaultResolver.PreferGo = true }", 4,
			"could change net.DefaultResolver: everybody asks it"},
		{"resolver decoded", "import (\"net\"; \"encoding/json\")\nvar err = json.Unmarshal(nil, " +
			"net.DefaultResolver)", 4,
			"could change net.DefaultResolver: "},
		{"address", "import \"net\"\nvar p = &net.ErrClosed", 4, "could change net.ErrClosed: it belongs to the " +
			"standard library"},
		{"element", "import \"net\"\nvar p = &net.IPv6loopback[15]", 4, "could change net.IPv6loopback: "},
		{"append", "import \"net\"\nvar p = append(net.IPv6loopback[:0], 1)", 4, "could change net.IPv6loopback: "},
		{"copy", "import \"net\"\nfunc f() { copy(net.IPv6loopback, \"x\") }", 4, "could change net.IPv6loopback: "},
		{"clear", "import \"net\"\nfunc f() { clear(net.IPv6loopback[1:]) }", 4, "could change net.IPv6loopback: "},
		{"range", "import \"io\"\nfunc f() { for _, io.EOF = range []error{nil} { } }", 4, "could change io.EOF: "},
		{"increment", "import \"net\"\nfunc f() { (net.IPv6loopback)[0]++ }", 4, "could change net.IPv6loopback: "},
		{"decoded", "import \"net\"\nvar err = net.IPv6loopback.UnmarshalText(nil)", 4, "could change " +
			"net.IPv6loopback: "},

		{"memory", "import \"os\"\nvar b, _ = os.ReadFile(\"/proc/self/\" + \"mem\")", 4, "reads /proc/self/mem, " +
			"which is of processes"},
		{"other's memory", "import \"os\"\nvar b, _ = os.Open(\"/proc//1/mem\")", 4, "reads /proc//1/mem, which is"},
		{"descriptors of files", "import \"os\"\nconst fd = \"/dev/fd/3\"\nvar b, _ = os.Open(fd)", 5, "reads " +
			"/dev/fd/3, which is"},
		{"tests", "import \"os\"\nvar b, _ = os.ReadFile(\"echo_test.go\")", 4, "reads echo_test.go, and no file " +
			"of the course"},

		{"embed", "import _ \"embed\"\n//go:embed x\nvar s string", 4, "embeds a file"},
		{"linkname", "//go:linkname f runtime.f\nfunc f()", 3, "takes what a package does not export, by linkname"},
		{"order", "//go:nosplit\nfunc f() {}", 3, "//go:nosplit is an order to the compiler"},
		{"cgo's order", "//go:cgo_import_dynamic x y z", 3, "//go:cgo_import_dynamic is an order"},
		{"line", "\n//line other.go:1\nimport \"unsafe\"", 4, "says by a line directive that the code is elsewhere"},
		{"line within", "func f() { /*line a.go:7:1*/ }", 3, "says by a line directive"},
		{"TestMain", "func TestMain() {}", 3, "declares TestMain"},

		{"right to left", "// \u202e x", 3, `the character \u202E turns the direction of writing`},
		{"isolate in a string", "var s = \"\u2066\"", 3, `the character \u2066 turns`},
		{"joiner among letters", "var s = \"pass\u200ded\"", 3, `the character \u200D is not seen`},
		{"filler as a name", "var \u3164 = 1", 3, `the character \u3164 is not seen`},
		{"tag", "// \U000e0041", 3, `the character \U000E0041 is not seen`},
		{"escape", "// \x1b[2K", 3, `the character \u001B is not seen`},
		{"carriage return", "// bad\r// good", 3, `a carriage return stands within the line (\r)`},
		{"Cyrillic among Latin", "var p\u0430ssed = 1", 3, `the name p\u0430ssed looks like passed`},
		{"Greek among Latin", "var \u039fk = 1", 3, `the name \u039Fk looks like Ok`},
		{"Cyrillic like Latin", "var cop, \u0441\u043e\u0440 = 1, 2", 3, `the name \u0441\u043E\u0440 looks like cop`},

		{"array", "var a [1 << 40]byte", 3, "the array has more than 16777216 elements"},
		{"array of arrays", "const n = 5000\nvar a [n][n]byte", 4, "the array has more than"},
		{"array of a product", "const n = 1 << 31\nvar a [n * n * n]byte", 4, "the array has more than"},
		{"array of a shift", "var a [1 << 70]byte", 3, "the array has more than"},
		{"last element", "var a = [...]int{1 << 30: 1}", 3, "the array has more than"},
		{"shift", "const a = 1 << 1000000", 3, "a number is shifted by more than 512 bits"},
		{"shift by a constant", "const by = 600\nfunc f(n int) { n <<= by }", 4, "a number is shifted by more than"},
		{"digits", "const a = 1" + strings.Repeat("0", 500), 3, "the number is too big"},
		{"exponent", "const a = 1e1000000", 3, "the number is too big"},
		{"brackets", "var a = " + strings.Repeat("(", 2000) + "1" + strings.Repeat(")", 2000), 3, "the code is " +
			"nested more than 1000 deep"},
		{"operators", "var a = " + strings.Repeat("- ", 2000) + "1", 3, "the code is nested more than 1000 deep"},
		{"sum", "var a = 1" + strings.Repeat(" + 1", 2000), 3, "the code is nested more than 1000 deep"},
		{"more operators than are read", "var a = " + strings.Repeat("!", 100_001) + "true", 3,
			"the code is nested more than 1000 deep"},
		{"more scopes than are read", "func f(a bool) { if a {}" + strings.Repeat(" else if a {}", 1100) + "}", 3,
			"the code is nested more than 1000 deep"},
		{"long function", "func f() {\n" + strings.Repeat("f(); f()\n", 20000) + "}", 3, "the function is too long"},
		{"constants", chain("const c%d = c%d + c%[2]d", 40), 35, "more than 32 constants or generic types and " +
			"functions"},
		{"generic types", chain("type c%d[T any] struct { a, b c%d[T] }", 12), 11, "more than 8 constants or generic"},
		{"generic functions", chain("func c%d[T any](x T) { c%d([2]T{}) }", 12), 11, "more than 8 constants or " +
			"generic"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := check("echo.go", source(tt.code))
			require.NotEmpty(t, got)
			require.Contains(t, strings.Join(got, "\n"), fmt.Sprintf("echo.go:%d: %s", tt.line, tt.want))
			for _, line := range got {
				require.NotContains(t, line, "\n")
				require.False(t, strings.HasSuffix(line, "."), line)
			}
		})
	}
}

// chain makes declarations of two numbers, each of which uses the one before.
func chain(format string, n int) string {
	var all strings.Builder
	for i := range n {
		fmt.Fprintf(&all, format+"\n", i+1, i)
	}
	return all.String()
}

// TestRefusesFiles: what is wrong with a file as a whole has no line.
func TestRefusesFiles(t *testing.T) {
	for _, tt := range []struct{ name, content, want string }{
		{"add_amd64.s", "", "add_amd64.s: only Go is judged"},
		{"lib.syso", "", "lib.syso: only Go is judged"},
		{"echo_arm64.go", source(""), "echo_arm64.go: by its name, the file is built on some machines"},
		{"echo_amd64.go", source(""), "echo_amd64.go: by its name, the file is built on some machines"},
		{"mine.go", "// Mine.\n\n//go:build cgo\n\npackage echo\n", "mine.go:3: by this build tag, the file is " +
			"built on some machines"},
		{"mine.go", "//go:build !amd64\n\npackage echo\n", "mine.go:1: by this build tag"},
		{"echo_windows.go", source(`import "unsafe"`), "echo_windows.go:3: imports unsafe"},
		{"_echo.go", source(`import "unsafe"`), "_echo.go:3: imports unsafe"},
		{"mine.go", "//go:build ignore\n\npackage main\n\nimport \"C\"\n", "mine.go:5: imports C"},
		{"big.go", source("//" + strings.Repeat("x", judge.MaxFileSize)), "big.go: the file has more than 1048576 " +
			"bytes"},
		{"a\n\u202e.go", source(""), `a\u000A\u202E.go: the file's name has a character that is not seen`},
	} {
		t.Run(strings.ToValidUTF8(tt.name, ""), func(t *testing.T) {
			got := check(tt.name, tt.content)
			require.Len(t, got, 1)
			require.Contains(t, got[0], tt.want)
		})
	}
	t.Run("many", func(t *testing.T) {
		files := map[string][]byte{}
		for i := range judge.MostFiles + 1 {
			files[fmt.Sprintf("f%03d.go", i)] = []byte("package echo\n")
		}
		got := policy.Check(lesson, files)
		require.Len(t, got, 1)
		require.Equal(t, "f100.go: there are more than 100 files with code; join some", got[0].String())
	})
}

// TestBelow: packages of the student's own are held to the same as the lesson's, if it imports them.
func TestBelow(t *testing.T) {
	const imports = "package echo\n\nimport \"udpkata/lessons/02-echo/internal/x\"\n\nvar _ = x.X\n"
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string // "" for nothing
	}{
		{"ordinary", map[string]string{"internal/x/x.go": "package x\n\nimport \"net\"\n\nvar X net.Conn\n"}, ""},
		{"not there", nil, ""},
		{"nobody's concern", map[string]string{"try/main.go": "package main\n\nimport \"unsafe\"\n", "internal/" +
			"y.s": ""}, ""},
		{"refused", map[string]string{"internal/x/x.go": "package x\n\nimport \"unsafe\"\n"},
			"internal/x/x.go:3: imports unsafe: "},
		{"by another", map[string]string{"internal/x/x.go": "package x\n\nimport _ \"udpkata/lessons/02-echo/y\"\n",
			"y/y.go": "package y\n\nimport \"os\"\n\nvar X = os.Exit\n"}, "y/y.go:5: uses os.Exit: "},
		{"by one for another system", map[string]string{
			"internal/x/x.go":         "package x\n",
			"internal/x/x_windows.go": "package x\n\nimport _ \"udpkata/lessons/02-echo/y\"\n",
			"y/y.go":                  "package y\n\nimport \"unsafe\"\n",
		}, "y/y.go:3: imports unsafe: "},
		{"name of a folder", map[string]string{"internal/x/x.go": "package x\n\nimport _ \"udpkata/lessons/02-echo/" +
			"v1.0/a_windows\"\n",
			"v1.0/a_windows/y.go": "package y\n"}, ""},
		{"build tag", map[string]string{"internal/x/x.go": "//go:build arm64\n\npackage x\n"},
			"internal/x/x.go:1: by this build tag"},
		{"assembly", map[string]string{"internal/x/x.go": "package x\n", "internal/x/x.s": ""},
			"internal/x/x.s: only Go is judged"},
		{"cgo", map[string]string{"internal/x/x.go": "package x\n\nimport \"C\"\n"}, "internal/x/x.go:3: imports C: "},
		{"tests", map[string]string{"internal/x/x.go": "package x\n", "internal/x/x_test.go": "package x\n\nimport " +
			"\"testing\"\n"}, ""},
		{"the lesson", map[string]string{"internal/x/x.go": "package x\n\nimport _ \"udpkata/lessons/02-echo\"\n"},
			"internal/x/x.go:3: imports udpkata/lessons/02-echo: a lesson is judged by itself, with the packages in " +
				"folders " +
				"below its own, but for demo and testdata; put a copy of that code there"},
		{"another lesson", map[string]string{"internal/x/x.go": "package x\n\nimport _ \"udpkata/lessons/01-ports/" +
			"x\"\n"},
			"internal/x/x.go:3: imports udpkata/lessons/01-ports/x: a lesson is judged by itself"},
		{"the course's folder", map[string]string{"internal/x/x.go": "package x\n\nimport _ \"udpkata/lessons/" +
			"02-echo/Demo/x\"\n",
			"Demo/x/x.go": "package x\n"}, "internal/x/x.go:3: imports udpkata/lessons/02-echo/Demo/x: a lesson is " +
			"judged"},
		{"the harness", map[string]string{"internal/x/x.go": "package x\n\nimport _ \"udpkata/harness/simnet\"\n"},
			"internal/x/x.go:3: imports udpkata/harness/simnet: it belongs to whoever judges"},
		{"behind a folder's name", map[string]string{
			"internal/x/x.go": "package x\n\nimport (\n\t\"os\"\n\n\t\"udpkata/lessons/02-echo/os\"\n)\n\nvar X, _ " +
				"= os.Exit, y.Y\n",
			"os/y.go": "package y\n\nconst Y = 1\n",
		}, "internal/x/x.go:9: uses os.Exit: "},
		{"of a package of the student's own", map[string]string{
			"internal/x/x.go": "package x\n\nimport \"udpkata/lessons/02-echo/os\"\n\nvar X = os.Exit\n",
			"os/os.go":        "package os\n\nfunc Exit() {}\n",
		}, ""},
		{"dot", map[string]string{"internal/x/x.go": "package x\n\nimport . \"udpkata/lessons/02-echo/y\"\n"},
			"internal/x/x.go:3: imports udpkata/lessons/02-echo/y with a dot"},
		{"chain through a package", map[string]string{
			"internal/x/x.go": "package x\n\nimport \"udpkata/lessons/02-echo/y\"\n\nconst c21 = y.C20 + y.C20\n" +
				chain("const c%d = c%d + c%[2]d", 40)[len(chain("const c%d = c%d + c%[2]d", 21)):],
			"y/y.go": "package y\n\nconst C20 = c20\n" + chain("const c%d = c%d + c%[2]d", 20),
		}, "internal/x/x.go:16: more than 32 constants"},
		{"chain hidden by another package's names", map[string]string{
			"internal/x/x.go": "package x\n\nimport _ \"udpkata/lessons/02-echo/y\"\n\n" +
				chain("const c%d = c%d + c%[2]d", 40),
			"y/y.go": "package y\n\n" + strings.ReplaceAll(chain("const c%d = 1 // %d", 40), "// ", "//"),
		}, "internal/x/x.go:37: more than 32 constants"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string][]byte{"echo.go": []byte(imports)}
			for name, source := range tt.files {
				files[name] = []byte(source)
			}
			var got []string
			for _, r := range policy.Check(lesson, files) {
				got = append(got, r.String())
			}
			if tt.want == "" {
				require.Empty(t, got)
				return
			}
			require.True(t, strings.HasPrefix(strings.Join(got, "\n"), tt.want), "%q", got)
		})
	}
	t.Run("many", func(t *testing.T) {
		files := map[string][]byte{"echo.go": []byte("package echo\n\nimport _ \"udpkata/lessons/02-echo/p0\"\n")}
		for i := range 20_000 {
			files[fmt.Sprintf("p%d/p.go", i)] = fmt.Appendf(nil, "package p\n\nimport _ \"udpkata/lessons/02-echo/"+
				"p%d\"\n", i+1)
		}
		got := policy.Check(lesson, files)
		require.Len(t, got, 1)
		require.Contains(t, got[0].String(), "there are more than 100 files with code; join some")
	})
}

// TestOrder: refusals come by file and line, each once, and not without end.
func TestOrder(t *testing.T) {
	exits := source("import (\"os\"; \"unsafe\")\nfunc f() { os.Exit(1); os.Exit(2)\n// \u202e\nos.Exit(3) }")
	got := policy.Check(lesson, map[string][]byte{"b.go": []byte(exits), "a.go": []byte(exits)})
	var places []string
	for _, r := range got {
		places = append(places, fmt.Sprintf("%s:%d", r.File, r.Line))
	}
	require.Equal(t, []string{"a.go:3", "a.go:4", "a.go:5", "a.go:6", "b.go:3", "b.go:4", "b.go:5", "b.go:6"}, places)
	require.Len(t, check("a.go", source("import \"os\"\nfunc f() {\n"+strings.Repeat("os.Exit(1)\n", 10000)+"}")), 50)
}

// TestBetweenFiles: a name looks like one that another file has.
func TestBetweenFiles(t *testing.T) {
	files := map[string][]byte{
		"a.go": []byte(source("var сор = 1")),
		"b.go": []byte(source("func f() {}")),
	}
	require.Empty(t, policy.Check(lesson, files))
	files["b.go"] = []byte(source("func cop() {}"))
	require.Len(t, policy.Check(lesson, files), 1)
}

func TestLanguages(t *testing.T) {
	r := policy.Check(lesson, map[string][]byte{"echo.go": []byte(source(`import "unsafe"`))})[0]
	require.Equal(t, "echo.go:3: imports unsafe: it reaches any memory; turn bytes into numbers with encoding/binary",
		r.String())
	require.Equal(t, "echo.go:3: 匯入了 unsafe：它碰得到任何記憶體；要把位元組轉成數字，請用 "+
		"encoding/binary", r.In(text.Chinese))
}

// FuzzCheck: whatever is handed in, Check ends, and what it says is one line that can be shown.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{
		"", "package echo", source("import . \"os\"\nvar _ = &Stdout"), source("type T[P any] struct { T[T[P]] }"),
		source("const a = b + b\nconst b = a + a"), source("const (a = b << c; b = c << a; c = 1 << b)\nvar x " +
			"[a][b][c]int"),
		source(strings.Repeat("[", 500)), source(strings.Repeat("func() ", 500)), source(strings.Repeat("a: ", 500)),
		source("import \"os\"\nconst d = d + \"/\"\nvar _, _ = os.Open(d)"), "//go:build " + strings.Repeat("(", 500),
		source("var p\u0430ss = 1 // \u202e \x1b\r"), "/*line x:1*/ package echo //line y:0", "\ufeffpackage \ufeff",
		source("import \"\\x00\"\nfunc (os) F() { for os.Args = range os.Args { switch os := os.(type) { case os: " +
			"} } }"),
	} {
		f.Add("echo.go", []byte(seed))
	}
	f.Add("a_windows_test.go", []byte("x"))
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		for _, r := range policy.Check(lesson, map[string][]byte{name: content}) {
			for _, l := range []text.Language{text.English, text.Chinese} {
				require.NotRegexp(t, `[\x00-\x1f\x7f\x{202e}]|%!`, r.In(l))
			}
			require.GreaterOrEqual(t, r.Line, 0)
			require.LessOrEqual(t, r.Line, 1+strings.Count(string(content), "\n"))
		}
	})
}

// BenchmarkCheck: an ordinary submission.
func BenchmarkCheck(b *testing.B) {
	code, err := os.ReadFile("code.go")
	require.NoError(b, err)
	files := map[string][]byte{"echo.go": code}
	b.SetBytes(int64(len(code)))
	for b.Loop() {
		policy.Check(lesson, files)
	}
}
