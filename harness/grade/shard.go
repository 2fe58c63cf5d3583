package grade

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"udpkata/harness/text"
)

// A Shard is a part of a class, for one of several machines: I of N, from 1 up. Its zero value is the whole class. All
// attempts of a student are in one shard.
type Shard struct {
	I int `json:"i"`
	N int `json:"n"`
}

// file returns the name of the file that says who is in it.
func (s Shard) file() string { return fmt.Sprintf("class-%d-of-%d.json", max(1, s.I), max(1, s.N)) }

// begun returns the name of the file that says since when a run is at work on it, until that is through.
func (s Shard) begun() string { return "begun-" + strings.TrimPrefix(s.file(), "class-") }

// has reports whether a student is in it. The hash is a good one: of a plain one's last bits, which say the shard where
// there are eight, names can leave some always the same, and shards empty.
func (s Shard) has(student string) bool {
	if s.N < 2 {
		return true
	}
	sum := sha256.Sum256([]byte(student))
	return int(binary.BigEndian.Uint64(sum[:])%uint64(s.N)) == s.I-1
}

// ParseShard reads a shard as in "2/8".
func ParseShard(s string) (Shard, error) {
	a, b, ok := strings.Cut(s, "/")
	i, errI := strconv.Atoi(a)
	n, errN := strconv.Atoi(b)
	if !ok || errI != nil || errN != nil || i < 1 || i > n || n > mostShards {
		return Shard{}, text.Fail("a shard is I/N, the I-th of N parts, as in 2/8, and not %q", s)
	}
	return Shard{i, n}, nil
}

// mostShards is how many there may be.
const mostShards = 10_000

// engines are the variables by which those who run one command on many machines say which of them it is: the number,
// the first one's, and how many there are.
var engines = []struct{ name, index, first, count string }{
	{"Slurm", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_COUNT"},
	{"Kubernetes", "JOB_COMPLETION_INDEX", "", "JOB_COMPLETIONS"},
	{"AWS Batch", "AWS_BATCH_JOB_ARRAY_INDEX", "", "AWS_BATCH_JOB_ARRAY_SIZE"},
	{"GitLab", "CI_NODE_INDEX", "1", "CI_NODE_TOTAL"},
	{"CircleCI", "CIRCLE_NODE_INDEX", "", "CIRCLE_NODE_TOTAL"},
}

// ShardOf returns the shard that an engine's variables say, and the engine's name; "" if there is none. Kubernetes
// tells a job its index and not how many there are, so whoever writes the job has to set JOB_COMPLETIONS.
func ShardOf(getenv func(string) string) (Shard, string, error) {
	for _, e := range engines {
		index := getenv(e.index)
		if index == "" {
			continue
		}
		i, errI := strconv.Atoi(index)
		n, errN := strconv.Atoi(getenv(e.count))
		first := 0
		if e.first != "" {
			if v, err := strconv.Atoi(e.first); err == nil {
				first = v
			} else if first, err = strconv.Atoi(getenv(e.first)); err != nil {
				errI = err
			}
		}
		if i -= first; errI != nil || errN != nil || i < 0 || i >= n || n > mostShards {
			return Shard{}, e.name, text.Fail("%s says %s=%s, and %s=%s: that is no part of a whole (or give "+
				"--shard I/N)", e.name, e.index, index, e.count, getenv(e.count))
		}
		return Shard{i + 1, n}, e.name, nil
	}
	return Shard{}, "", nil
}
