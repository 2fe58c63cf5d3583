// Package html writes what became of a class as one page of HTML for a browser: the class as a table and as a heat map,
// what went wrong most often, and a page for each student, in English and Chinese.
//
// The page needs nothing but itself. What strangers have written is in it as data, which its script puts into text
// nodes and nowhere else; its policy (CSP) lets no other script and no other style in, and nothing be loaded or sent.
package html

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"

	"udpkata/harness/grade"
	"udpkata/harness/text"
	"udpkata/harness/wire"
)

// Options are how a page is made. The zero value is good.
type Options struct {
	Title    string        // of the page, such as the course's name; "" for one that says what it is
	Language text.Language // that the page is in when it opens; English unless given
}

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string

	page = template.Must(template.New("page").Parse(pageHTML))
)

// Write writes the page of a class. The same class makes the same page.
func Write(c *grade.Class, w io.Writer, o Options) error {
	r, err := newReport(c)
	if err != nil {
		return err
	}
	r.Language = cmp.Or(o.Language, text.English)
	r.Title = brief(cmp.Or(o.Title, words["title"].In(r.Language)))
	class, err := json.Marshal(r)
	if err != nil {
		return err
	}
	all := []printed{}
	for _, output := range r.outputs.all {
		all = append(all, printed{output, wire.Diagrams(output)})
	}
	outputs, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return page.Execute(w, struct {
		Title            string
		Language         text.Language
		Policy           string
		Words            map[string]string
		Style            template.CSS
		Script           template.JS
		Class, Outputs   template.JS // as package json writes it, no "<" is in it
		English, Chinese text.Language
	}{
		Title: r.Title, Language: r.Language, Policy: policy(pageCSS, pageJS), Words: r.Words[r.Language],
		Style: template.CSS(pageCSS), Script: template.JS(pageJS),
		Class: template.JS(class), Outputs: template.JS(outputs),
		English: text.English, Chinese: text.Chinese,
	})
}

// policy returns a page's Content-Security-Policy, which allows one style, one script, and nothing else. Where a
// browser knows trusted types, it makes markup of no text either.
func policy(style, script string) string {
	return "default-src 'none'; style-src " + hash(style) + "; script-src " + hash(script) +
		"; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
}

func hash(source string) string {
	sum := sha256.Sum256([]byte(source))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
