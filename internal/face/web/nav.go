package web

import (
	"tocsin/internal/base/auth"
	"tocsin/internal/face/web/ui"
)

// calm says whether a role has the calm pages: people who come here twice a
// month, on a telephone, with one thing to do.
func calm(role string) bool { return role == string(auth.Officer) || role == string(auth.Partner) }

// nav is where the actor may go. What the table does not have, or the role may
// not open, is not shown.
func (s *Site) nav(p *ui.Page, a auth.Actor) []ui.NavGroup {
	item := func(pattern, word string, icon ui.Icon, key string) ui.NavItem {
		return ui.NavItem{Label: p.T("web.nav." + word), Href: pattern, Icon: icon, Key: key}
	}
	home := item("/", "home", ui.IconRadar, "h")
	if calm(string(a.Role)) {
		home.Label = p.T("web.nav.todo")
	}
	groups := []ui.NavGroup{
		{Label: p.T("web.nav.watch"), Items: []ui.NavItem{
			home,
			item("/findings", "findings", ui.IconFlag, "f"),
			item("/warnings", "warnings", ui.IconBell, "w"),
			item("/bulletins", "bulletins", ui.IconBook, ""),
			item("/outbox", "outbox", ui.IconSend, "b"),
			{Label: p.T("timeliness.title"), Href: "/timeliness", Icon: ui.IconActivity},
			{Label: p.T("health.title"), Href: "/contacts/health", Icon: ui.IconUser},
			item("/duty", "duty", ui.IconPhone, "d"),
			item("/mutes", "mutes", ui.IconMute, "m"),
		}},
		{Label: p.T("web.nav.intake"), Items: []ui.NavItem{
			item("/sources", "sources", ui.IconFeed, "s"),
			item("/documents", "documents", ui.IconInbox, "i"),
			item("/quarantine", "quarantine", ui.IconArchive, "q"),
			item("/indicators", "indicators", ui.IconEye, "n"),
			item("/advisories", "advisories", ui.IconAlert, "v"),
			item("/matching", "matching", ui.IconTick, "c"),
		}},
		{Label: p.T("web.nav.estate"), Items: []ui.NavItem{
			item("/organisations", "organisations", ui.IconTree, "o"),
			item("/map", "map", ui.IconMap, "k"),
			{Label: p.T("work.whose.title"), Href: "/whose", Icon: ui.IconSearch},
			item("/systems", "systems", ui.IconServer, "y"),
			item("/levels", "levels", ui.IconShield, ""),
		}},
		{Label: p.T("web.nav.centre"), Items: []ui.NavItem{
			item("/journal", "journal", ui.IconScroll, "j"),
			{Label: p.T("work.health.title"), Href: "/health", Icon: ui.IconActivity},
			item("/people", "people", ui.IconUsers, "p"),
			item("/who-may-what", "may", ui.IconShield, "a"),
			item("/regime", "regime", ui.IconBook, "l"),
			item("/keys", "keys", ui.IconHelp, ""),
		}},
	}
	var shown []ui.NavGroup
	for _, g := range groups {
		var items []ui.NavItem
		for _, i := range g.Items {
			pattern := i.Href
			if pattern == "/" {
				pattern = "/{$}"
			}
			if s.leads(a, pattern) {
				items = append(items, i)
			}
		}
		if len(items) > 0 {
			shown = append(shown, ui.NavGroup{Label: g.Label, Items: items})
		}
	}
	if calm(string(a.Role)) {
		return calmNav(shown)
	}
	return shown
}

// calmNav is what an officer needs: few words in one row.
func calmNav(groups []ui.NavGroup) []ui.NavGroup {
	var row []ui.NavItem
	for _, g := range groups {
		for _, i := range g.Items {
			switch i.Href {
			case "/", "/findings", "/warnings", "/bulletins", "/organisations", "/documents", "/levels":
				row = append(row, i)
			}
		}
	}
	return []ui.NavGroup{{Items: row}}
}
