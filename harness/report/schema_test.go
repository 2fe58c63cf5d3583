package report

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An element is what junit-10.xsd allows of one.
type element struct{ needs, may, children []string }

var junitSchema = map[string]element{
	"testsuites": {nil, []string{"name", "time", "tests", "failures", "errors", "disabled"}, []string{"testsuite"}},
	"testsuite": {[]string{"name", "tests", "failures", "errors"}, []string{"group", "time", "skipped", "timestamp",
		"hostname", "id", "package", "file", "log", "url", "version"},
		[]string{"testsuite", "properties", "testcase", "system-out", "system-err"}},
	"properties": {nil, nil, []string{"property"}},
	"property":   {[]string{"name", "value"}, nil, nil},
	"testcase": {[]string{"name"}, []string{"time", "classname", "group"}, []string{"skipped", "error", "failure",
		"system-out", "system-err"}},
	"failure": {nil, []string{"type", "message"}, nil},
	"error":   {nil, []string{"type", "message"}, nil},
	"skipped": {nil, nil, nil}, // older schemas have no attributes there
}

// TestJUnit: elements, attributes and counts are as Jenkins' schema wants them, and no test's name is there twice.
func TestJUnit(t *testing.T) {
	files := written(t, "junit", &Request{Class: lay(t)})
	require.Len(t, files, len(students))
	for name, data := range files {
		require.Less(t, len(data), 30_000_000, "GitLab takes no more")
		var open []string
		counts, seen := map[string]int{}, map[string]bool{}
		said := map[string]string{}
		for d := xml.NewDecoder(strings.NewReader(data)); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, name)
			switch token := token.(type) {
			case xml.StartElement:
				e, ok := junitSchema[token.Name.Local]
				require.True(t, ok, token.Name.Local)
				if len(open) > 0 {
					require.Contains(t, junitSchema[open[len(open)-1]].children, token.Name.Local)
				} else {
					require.Equal(t, "testsuites", token.Name.Local)
				}
				open = append(open, token.Name.Local)
				counts[token.Name.Local]++
				attributes := map[string]string{}
				for _, a := range token.Attr {
					require.Contains(t, slices.Concat(e.needs, e.may), a.Name.Local)
					attributes[a.Name.Local] = a.Value
				}
				for _, need := range e.needs {
					require.NotEmpty(t, attributes[need], "%s needs %s", token.Name.Local, need)
				}
				switch token.Name.Local {
				case "testsuite":
					said = attributes
				case "testcase":
					full := attributes["classname"] + "/" + attributes["name"]
					require.False(t, seen[full])
					seen[full] = true
				}
			case xml.EndElement:
				open = open[:len(open)-1]
			case xml.CharData:
				if len(open) == 0 || len(junitSchema[open[len(open)-1]].children) > 0 {
					require.Empty(t, strings.TrimSpace(string(token)))
				}
			}
		}
		for attribute, of := range map[string]string{
			"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped",
		} {
			require.Equal(t, strconv.Itoa(counts[of]), said[attribute], "%s of %s", attribute, name)
		}
	}
}

// fields fails on a JSON object that lacks what it needs, or has what nobody knows.
func fields(t *testing.T, v any, needs, may []string) map[string]any {
	object, ok := v.(map[string]any)
	require.True(t, ok)
	for _, need := range needs {
		require.Contains(t, object, need)
	}
	for key := range object {
		require.Contains(t, slices.Concat(needs, may), key)
	}
	return object
}

// object reads one.
func object(t *testing.T, data string) map[string]any {
	var v map[string]any
	require.NoError(t, json.Unmarshal([]byte(data), &v))
	return v
}

// TestGradescope: fields, their words, and what the student sees, are as Gradescope's specification has them.
func TestGradescope(t *testing.T) {
	c := lay(t)
	for _, id := range students {
		res := fields(t, object(t, written(t, "gradescope", &Request{Class: c, Student: id})[""]),
			[]string{"score", "tests"}, []string{"execution_time", "output", "output_format", "test_output_format",
				"test_name_format", "visibility", "stdout_visibility", "extra_data", "leaderboard"})
		require.Equal(t, "visible", res["visibility"])
		for _, test := range res["tests"].([]any) {
			test := fields(t, test, []string{"score", "max_score", "name"}, []string{"status", "name_format", "number",
				"output", "output_format", "tags", "visibility", "extra_data"})
			if status, ok := test["status"]; ok {
				require.Contains(t, []any{"passed", "failed"}, status)
				require.Equal(t, status == "passed", test["score"] == test["max_score"])
			} else {
				require.Equal(t, "01-a/TestOut", test["name"])
				require.Equal(t, "needs a lab", test["output"])
			}
		}
	}
	for _, v := range visibilities {
		res := object(t, written(t, "gradescope", &Request{Class: c, Student: "101", Visibility: v})[""])
		require.Equal(t, v, res["visibility"])
	}
	res := object(t, written(t, "gradescope", &Request{Class: c, Student: "alice"})[""])
	require.Equal(t, 5.4, res["score"])
	require.Equal(t, "5.4 points: 6 of 11, times 0.9 for being late", res["output"])
}

// TestExercism: fields, words and limits are those of version 3; a lesson of which no test ran has a message.
func TestExercism(t *testing.T) {
	files := written(t, "exercism", &Request{Class: lay(t)})
	require.Len(t, files, 2*len(students))
	for name, data := range files {
		res := fields(t, object(t, data), []string{"version", "status", "tests"}, []string{"message"})
		require.EqualValues(t, 3, res["version"])
		worst := "pass"
		for _, test := range res["tests"].([]any) {
			test := fields(t, test, []string{"name", "status", "task_id"}, []string{"message", "output", "test_code"})
			require.Contains(t, []any{"pass", "fail", "error"}, test["status"])
			require.NotContains(t, test, "output")
			if test["status"] != "pass" {
				worst = "fail"
				require.NotEmpty(t, test["message"])
				require.LessOrEqual(t, len(test["message"].(string)), mostMessage)
			} else {
				require.NotContains(t, test, "message")
			}
		}
		if res["status"] == "error" {
			require.NotEmpty(t, res["message"])
			require.Empty(t, res["tests"])
			continue
		}
		require.NotContains(t, res, "message")
		require.Equal(t, worst, res["status"], name)
	}
	require.Contains(t, files["bob-104/01-a/results.json"], "it is encrypted")
	require.Equal(t, "error", object(t, files["dave-106/02-b/results.json"])["status"])
	require.Equal(t, "pass", object(t, files["dave-106/01-a/results.json"])["status"])
}

// TestCTRF: fields, words and counts are those of its schema.
func TestCTRF(t *testing.T) {
	files := written(t, "ctrf", &Request{Class: lay(t)})
	require.Len(t, files, len(students))
	for _, data := range files {
		file := fields(t, object(t, data), []string{"reportFormat", "specVersion", "results"}, nil)
		require.Equal(t, "CTRF", file["reportFormat"])
		require.Regexp(t, `^[0-9]+\.[0-9]+\.[0-9]+$`, file["specVersion"])
		results := fields(t, file["results"], []string{"tool", "summary", "tests"}, nil)
		require.NotEmpty(t, fields(t, results["tool"], []string{"name"}, nil)["name"])
		sum := fields(t, results["summary"], []string{"tests", "passed", "failed", "skipped", "pending", "other",
			"start", "stop"}, []string{"extra"})
		counts := map[string]float64{}
		for _, test := range results["tests"].([]any) {
			test := fields(t, test, []string{"name", "status", "duration"}, []string{"suite", "message", "trace",
				"rawStatus", "extra"})
			require.NotEmpty(t, test["suite"])
			counts[test["status"].(string)]++
			counts["tests"]++
		}
		require.Equal(t, 1.0, counts["skipped"])
		for _, status := range []string{"tests", "passed", "failed", "skipped", "pending", "other"} {
			require.Equal(t, sum[status], counts[status], status)
		}
	}
}

// TestClassroom50: fields are those of classroom50/result/v1, and each that says of what it is has something.
func TestClassroom50(t *testing.T) {
	c := lay(t)
	for _, id := range students {
		data := written(t, "classroom50", &Request{Class: c, Student: id, Getenv: environment})[""]
		require.Less(t, len(data), 1<<20)
		texts := []string{"schema", "classroom", "assignment", "assignment_type", "owner", "submission", "commit",
			"release", "review"}
		res := fields(t, object(t, data), slices.Concat(texts, []string{"score", "max-score", "tests"}),
			[]string{"datetime"})
		for _, key := range texts {
			require.NotEmpty(t, res[key], key)
		}
		require.Equal(t, "classroom50/result/v1", res["schema"])
		require.Equal(t, id == "102", res["datetime"] == "2026-12-01T12:00:00Z", "a commit's time, if that is known")
		for _, test := range res["tests"].([]any) {
			test := fields(t, test, []string{"test-name", "passed", "score", "max-score"}, []string{"state", "reason"})
			if reason, ok := test["reason"]; ok {
				require.LessOrEqual(t, len(reason.(string)), mostReason)
			}
		}
	}
}
