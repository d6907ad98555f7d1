// Package ui is Tocsin's design system: three page shells (Floor for analysts
// and supervisors, Form for officers and citizens, Paper for what is printed)
// and the parts that stand on them.
//
// A page is written like this: take a *Page from Kit.Page, set its Title, and
// render a shell with parts inside. Every part takes the *Page first, because
// it carries the voice, the clock and the address of the request. Parts never
// invent words: their own come from texts/, the page's come from the page.
//
// Colour means state. A page names a state ("finding", "open") and the part
// knows its colour, its shape and its word; what nobody knows is hatched grey
// and never green. Everything works without script: filters, columns and
// sorting are links and GET forms whose state is the address, acts are POST
// forms. There is no inline style or script, so the strict Policy holds.
package ui
