package main

import (
	"bytes"
	"strings"

	"github.com/alecthomas/kong"

	"udpkata/harness/text"
)

// translate puts what is said of a command, of those below it, and of their flags and arguments into the student's
// language.
func translate(n *kong.Node) {
	in := func(said string) string { return text.Known(said).In(text.Preferred()) }
	n.Help = in(n.Help)
	for _, f := range n.Flags {
		f.Help = in(f.Help)
	}
	for _, arg := range n.Positional {
		arg.Help = in(arg.Help)
	}
	for _, child := range n.Children {
		translate(child)
	}
}

// help prints what kong does, with its own words in the student's language too.
func help(options kong.HelpOptions, ctx *kong.Context) error {
	var page bytes.Buffer
	out := ctx.Stdout
	ctx.Stdout = &page
	err := kong.DefaultHelpPrinter(options, ctx)
	ctx.Stdout = out
	if err != nil {
		return err
	}
	var words []string
	for _, own := range []text.Text{
		text.Say("Usage:"), text.Say("Arguments:"), text.Say("Flags:"), text.Say("Commands:"),
		text.Say("Show context-sensitive help."),
		text.Say(`Run "go tool kata <command> --help" for more information on a command.`),
	} {
		words = append(words, own.EN, own.In(text.Preferred()))
	}
	_, err = strings.NewReplacer(words...).WriteString(out, page.String())
	return err
}
