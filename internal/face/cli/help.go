package cli

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"tocsin/internal/base/i18n"
)

// speak gives every command and flag its words, in the caller's language.
func speak(app *kong.Application, voice i18n.Voice) error {
	app.Help = voice.T("cli.help.tocsin")
	for _, f := range app.Flags {
		f.Help = voice.T(flagKey("", f.Name, voice))
	}
	return kong.Visit(app, func(n kong.Visitable, next kong.Next) error {
		if node, ok := n.(*kong.Node); ok && node.Type != kong.ApplicationNode {
			path := commandPath(node)
			node.Help = voice.T("cli.help." + strings.ReplaceAll(path, " ", "."))
			for _, f := range node.Flags {
				f.Help = voice.T(flagKey(path, f.Name, voice))
			}
		}
		return next(nil)
	})
}

// flagKey is where the words of a flag are: of the command's own where it means
// something else there, of all of the name otherwise.
func flagKey(path, flag string, voice i18n.Voice) string {
	for ; path != ""; path = path[:max(0, strings.LastIndexByte(path, ' '))] {
		if own := "cli.flag." + strings.ReplaceAll(path, " ", ".") + "." + flag; voice.Has(own) {
			return own
		}
	}
	return "cli.flag." + flag
}

// commandPath is a command's words without the program's name.
func commandPath(n *kong.Node) string {
	words := n.Name
	for up := n.Parent; up != nil && up.Type != kong.ApplicationNode; up = up.Parent {
		words = up.Name + " " + words
	}
	return words
}

// help prints what a command does, what it takes, and what is below it.
func help(k *kong.Context, voice i18n.Voice, w world) error {
	node := k.Selected()
	if node == nil {
		node = k.Model.Node
	}
	var b strings.Builder
	path := "tocsin"
	if node.Type != kong.ApplicationNode {
		path += " " + commandPath(node)
	}
	fmt.Fprintf(&b, "%s\n\n%s\n", voice.T("cli.usage", "call", path+synopsis(node, voice)), node.Help)
	var rows [][]string
	for _, c := range node.Children {
		name := c.Name
		if node.Type != kong.ApplicationNode || len(c.Children) == 0 {
			rows = append(rows, []string{"  " + name, c.Help})
			continue
		}
		var below []string
		for _, d := range c.Children {
			below = append(below, d.Name)
		}
		rows = append(rows, []string{"  " + name, strings.Join(below, " · ")})
	}
	section(&b, voice.T("cli.commands"), rows, w.width)
	section(&b, voice.T("cli.flags"), flagRows(node.Flags), w.width)
	if node.Type != kong.ApplicationNode {
		section(&b, voice.T("cli.global"), flagRows(k.Model.Flags), w.width)
	} else {
		fmt.Fprintf(&b, "\n%s\n", voice.T("cli.server"))
	}
	_, err := w.out.Write([]byte(b.String()))
	return err
}

func synopsis(node *kong.Node, voice i18n.Voice) string {
	text := ""
	var textSb88 strings.Builder
	for _, p := range node.Positional {
		word := strings.ToUpper(p.Name)
		if p.IsCumulative() {
			word += "…"
		}
		if !p.Required {
			word = "[" + word + "]"
		}
		textSb88.WriteString(" " + word)
	}
	text += textSb88.String()
	if len(node.Children) > 0 {
		text += " " + voice.T("cli.command")
	}
	var textSb101 strings.Builder
	for _, f := range node.Flags {
		if f.Required {
			textSb101.WriteString(" --" + f.Name + "=" + f.PlaceHolder)
		}
	}
	text += textSb101.String()
	return text + " [" + voice.T("cli.flag") + "…]"
}

func flagRows(flags []*kong.Flag) [][]string {
	var rows [][]string
	for _, f := range flags {
		if f.Hidden {
			continue
		}
		name := "  --" + f.Name
		if f.Short != 0 {
			name = "  -" + string(f.Short) + ", --" + f.Name
		}
		if !f.IsBool() {
			name += "=" + f.PlaceHolder
		}
		text := f.Help
		if len(f.Envs) > 0 {
			text += " ($" + f.Envs[0] + ")"
		}
		if f.HasDefault && f.Default != "" {
			text += " [" + f.Default + "]"
		}
		rows = append(rows, []string{name, text})
	}
	return rows
}

// section prints a title and two columns, the second one wrapped.
func section(b *strings.Builder, title string, rows [][]string, width int) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	left := 0
	for _, r := range rows {
		left = max(left, columns(r[0]))
	}
	if width == 0 {
		width = 100
	}
	for _, r := range rows {
		lines := wrap(r[1], max(30, width-left-gap))
		fmt.Fprintf(b, "%s%s%s\n", r[0], strings.Repeat(" ", left-columns(r[0])+gap), lines[0])
		for _, line := range lines[1:] {
			fmt.Fprintf(b, "%s%s\n", strings.Repeat(" ", left+gap), line)
		}
	}
}

// wrap breaks a text at blanks into lines of a width; there is at least one.
func wrap(text string, width int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case columns(*last)+1+columns(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}
