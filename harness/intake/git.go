package intake

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"udpkata/harness/text"
)

// A repository is a student's, of which HEAD's commit counts.
//
// git is run in a repository of our own, which has nothing but the place of the student's objects: no configuration of
// the student's is read, so there is no hook, filter, monitor, pager, remote or included file to obey. HEAD and the
// references are read here.
type repository struct {
	full string // the repository's path
	open func() (*os.Root, error)
	at   string // where the repository is in what is opened: ".git" or "."
	tree source // the files beside it; nil if there are none
}

const (
	gitTimeout  = time.Minute
	gitMemory   = "256m" // what git may allocate at once: objects may be packed to be huge
	mostRef     = 64 << 10
	mostPackRef = 8 << 20
)

var objectName = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// read takes what HEAD's commit has, and says what whoever grades should know.
func (r *repository) read(ctx context.Context, u *unpacker) (notes []text.Text, err error) {
	git, err := exec.LookPath("git")
	if err != nil {
		return nil, fmt.Errorf("the command git is needed to read a repository: %w", err)
	}
	root, err := r.open()
	if err != nil {
		return nil, unreadable(err)
	}
	defer root.Close()
	dir := root
	if r.at != "." {
		d, err := look(root, r.at)
		if err != nil {
			return nil, changed(r.at)
		}
		if !d.info.IsDir() {
			return nil, refused{text.Say("its repository is elsewhere (%s is no folder); hand in the clone itself",
				r.at)}
		}
		if dir, err = d.openDir(); err != nil {
			return nil, unreadable(err)
		}
		defer dir.Close()
	}
	if err := plain(ctx, dir, u.limits.Entries); err != nil {
		return nil, err
	}
	commit, err := head(dir)
	if err != nil {
		return nil, err
	}
	home, err := os.MkdirTemp("", "udpkata-git-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(home)
	ctx, cancel := context.WithTimeout(ctx, gitTimeout)
	defer cancel()
	g := &reader{ctx: ctx, git: git, home: home}
	if err := g.prepare(filepath.Join(r.full, "objects"), len(commit) == 64); err != nil {
		return nil, err
	}
	err = g.commit(commit, u)
	if err != nil && ctx.Err() == context.DeadlineExceeded {
		err = refused{text.Say("git did not read the repository within %v", gitTimeout)}
	}
	if err != nil || r.tree == nil {
		return nil, err
	}
	return r.compare(ctx, u), nil
}

// plain makes sure that a repository has its objects itself, and nothing but folders and files.
func plain(ctx context.Context, dir *os.Root, most int) error {
	again := func() (*os.Root, error) { return dir.OpenRoot(".") }
	w := func(ctx context.Context, yield func(item) error) error {
		root, err := again()
		if err != nil {
			return unreadable(err)
		}
		defer root.Close()
		w := walk{ctx, yield, most * 4, most * 4} // each object may be a file
		return w.dir(root, "", 0)
	}
	return w(ctx, func(i item) error {
		switch {
		case i.mode&^fs.ModeDir != 0:
			return refused{text.Say("its repository has a link, or something that is neither a file nor a folder (%s)",
				text.VisibleLine(i.name))}
		case i.name == "objects/info/alternates", i.name == "objects/info/http-alternates", i.name == "commondir":
			return refused{text.Say("its repository needs another one (%s); hand in a whole clone", i.name)}
		}
		return nil
	})
}

// head returns the name of HEAD's commit.
func head(dir *os.Root) (string, error) {
	const most = 5 // references that name one another
	name := "HEAD"
	for range most {
		data, err := readSmall(dir, name, mostRef)
		if errors.Is(err, fs.ErrNotExist) && name != "HEAD" {
			return packed(dir, name)
		}
		if err != nil {
			return "", unreadable(err)
		}
		line := strings.TrimSpace(string(data))
		if objectName.MatchString(line) {
			return line, nil
		}
		to, isRef := strings.CutPrefix(line, "ref:")
		to = strings.TrimSpace(to)
		if !isRef || !strings.HasPrefix(to, "refs/") || !fs.ValidPath(to) {
			break
		}
		name = to
	}
	return "", noCommit
}

var noCommit = refused{text.Say(
	"its repository has no commit that HEAD names; commit the files, or hand in the files " +
		"without .git")}

// packed looks a reference up in the file that has those that seldom change.
func packed(dir *os.Root, name string) (string, error) {
	data, err := readSmall(dir, "packed-refs", mostPackRef)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", unreadable(err)
	}
	for line := range strings.Lines(string(data)) {
		object, ref, _ := strings.Cut(strings.TrimSpace(line), " ")
		if ref == name && objectName.MatchString(object) {
			return object, nil
		}
	}
	return "", noCommit
}

func readSmall(dir *os.Root, name string, most int64) ([]byte, error) {
	info, err := dir.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, refused{text.Say("its repository has a %s that is none", text.VisibleLine(path.Base(name)))}
	}
	f, err := dir.OpenFile(name, os.O_RDONLY|dontWait, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most))
}

// A reader asks git for what a repository holds.
type reader struct {
	ctx       context.Context
	git, home string
	env       []string
}

// prepare makes a repository whose objects are elsewhere.
func (g *reader) prepare(objects string, sha256 bool) error {
	config := "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
	if sha256 {
		config = "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n"
	}
	for _, dir := range []string{"objects", "refs"} {
		if err := os.Mkdir(filepath.Join(g.home, dir), 0o700); err != nil {
			return err
		}
	}
	for name, content := range map[string]string{"HEAD": "ref: refs/heads/none\n", "config": config} {
		if err := os.WriteFile(filepath.Join(g.home, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	for _, e := range os.Environ() {
		if !strings.HasPrefix(strings.ToUpper(e), "GIT_") {
			g.env = append(g.env, e)
		}
	}
	objects, err := filepath.Abs(objects)
	g.env = append(g.env, "GIT_DIR="+g.home, "GIT_OBJECT_DIRECTORY="+objects, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull, "GIT_NO_REPLACE_OBJECTS=1",
		"GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0",
		"GIT_ALLOC_LIMIT="+gitMemory, "GIT_ATTR_NOSYSTEM=1", "LC_ALL=C", "HOME="+g.home, "XDG_CONFIG_HOME="+g.home)
	return err
}

func (g *reader) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(g.ctx, g.git, append([]string{"--no-pager"}, args...)...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = g.home, g.env, time.Second
	return cmd
}

// cantRead is what git's failure comes to.
var cantRead = refused{text.Say(
	"git can't read its repository, of which a part is missing or damaged; hand in a whole " +
		"clone")}

// An entry is a file of a commit.
type entry struct {
	mode, object, name string
	size               int64
}

// list returns the files of a commit.
func (g *reader) list(commit string, most int) (all []entry, err error) {
	cmd := g.command("ls-tree", "-r", "-t", "-z", "-l", "--full-tree", commit)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop := func() { cmd.Process.Kill(); cmd.Wait() }
	r := bufio.NewReaderSize(out, 64<<10)
	for {
		record, err := r.ReadSlice(0)
		if errors.Is(err, io.EOF) && len(record) == 0 {
			break
		}
		meta, name, ok := strings.Cut(string(bytes.TrimSuffix(record, []byte{0})), "\t")
		fields := strings.Fields(meta)
		if err != nil || !ok || len(fields) != 4 {
			stop()
			return nil, cantRead
		}
		if len(all) == most {
			stop()
			return nil, tooMany(most)
		}
		size, _ := strconv.ParseInt(fields[3], 10, 64)
		all = append(all, entry{fields[0], fields[2], name, size})
	}
	if err := cmd.Wait(); err != nil {
		return nil, cantRead
	}
	return all, nil
}

// commit takes what a commit has.
func (g *reader) commit(commit string, u *unpacker) error {
	entries, err := g.list(commit, u.limits.Entries)
	if err != nil {
		return err
	}
	cmd := g.command("cat-file", "--batch")
	ask, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() { ask.Close(); cmd.Process.Kill(); cmd.Wait() }()
	answers := bufio.NewReader(out)
	get := func(object string, most int64) ([]byte, error) {
		if _, err := io.WriteString(ask, object+"\n"); err != nil {
			return nil, cantRead
		}
		line, err := answers.ReadSlice('\n')
		fields := strings.Fields(string(line))
		if err != nil || len(fields) != 3 {
			return nil, cantRead
		}
		size, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil || size > most {
			return nil, cantRead
		}
		data := make([]byte, size+1) // and a line's end
		if _, err := io.ReadFull(answers, data); err != nil {
			return nil, cantRead
		}
		return data[:size], nil
	}
	when, err := get(commit, 1<<20)
	if err != nil {
		return err
	}
	at := committed(when)
	for _, e := range entries {
		i := item{name: e.name, size: e.size, modified: at}
		switch e.mode {
		case "040000":
			i.mode = fs.ModeDir
		case "120000":
			i.mode = fs.ModeSymlink
		case "100644", "100755", "100664":
		default:
			i.mode = fs.ModeIrregular // another repository's commit
		}
		i.open = func() (io.ReadCloser, error) {
			data, err := get(e.object, max(u.limits.File, u.limits.Archive))
			return io.NopCloser(bytes.NewReader(data)), err
		}
		if err := u.take(i); err != nil {
			return err
		}
	}
	u.stamp = stamp{at: at, clock: CommitClock}
	return nil
}

// committed returns a commit's time.
func committed(commit []byte) time.Time {
	for line := range strings.Lines(string(commit)) {
		if strings.TrimSpace(line) == "" {
			break
		}
		fields := strings.Fields(line)
		if fields[0] == "committer" && len(fields) > 2 {
			if at, err := strconv.ParseInt(fields[len(fields)-2], 10, 64); err == nil && at > 0 && at < 1<<40 {
				return time.Unix(at, 0)
			}
		}
	}
	return time.Time{}
}

// compare says which files in the work tree are not as they were committed.
func (r *repository) compare(ctx context.Context, u *unpacker) []text.Text {
	files := func(lessons []Lesson) map[string]string {
		all := map[string]string{}
		for _, l := range lessons {
			for _, f := range l.Files {
				all[l.Name+"/"+f.Name] = string(unix(f.Data))
			}
		}
		return all
	}
	beside := newUnpacker(ctx, u.course, u.limits, u.zone)
	if err := r.tree(ctx, beside.take); err != nil {
		return []text.Text{text.Say("the files beside the repository can't be read; the commit's are taken")}
	}
	// Both are placed; what was committed is placed again with the rest.
	here, there := files(beside.place()), files((&unpacker{course: u.course, trees: u.trees, claims: u.claims,
		leftAt: map[string]int{}}).place())
	var differ []string
	for name, data := range here {
		if there[name] != data {
			differ = append(differ, name)
		}
	}
	for name := range there {
		if _, ok := here[name]; !ok {
			differ = append(differ, name)
		}
	}
	if len(differ) == 0 {
		return nil
	}
	slices.Sort(differ)
	return []text.Text{text.Say("%s differs in the work tree; what is committed is taken", text.VisibleLine(differ[0]+
		more(len(differ)-1)))}
}

func more(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (+%d)", n)
}
