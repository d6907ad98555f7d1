package regime

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// A Day is a day that is not like its weekday: a holiday, the day off that makes
// up for one, or a Saturday on which offices work.
type Day struct {
	Date    string // ISO, in the city.
	Working bool   // Offices are open: a day worked in exchange for another.
	NameVi  string
	NameEn  string
	Source  Source
}

// dayTable is data/days.json: the holidays of the law, and for past and present
// years the days as they were made known.
type dayTable struct {
	Holidays  []holiday         `json:"holidays"`
	Sources   map[string]Source `json:"sources"`
	Published map[string][]struct {
		Date   string `json:"date"`
		Work   bool   `json:"work"`
		NameVi string `json:"name_vi"`
		NameEn string `json:"name_en"`
		Source string `json:"source"`
	} `json:"published"`
	InLieuVi     string `json:"in_lieu_vi"`
	InLieuEn     string `json:"in_lieu_en"`
	InLieuSource Source `json:"in_lieu_source"`
}

// holiday is one line of Article 112 of the Labour Code.
type holiday struct {
	NameVi    string `json:"name_vi"`
	NameEn    string `json:"name_en"`
	Calendar  string `json:"calendar"` // solar or lunar
	Month     int    `json:"month"`
	Day       int    `json:"day"`
	Before    int    `json:"before"`    // Days off before it,
	After     int    `json:"after"`     // and after it.
	Neighbour bool   `json:"neighbour"` // One more day, just before or just after.
	FromYear  int    `json:"from_year"`
	Source    Source `json:"source"`
}

// The years for which days off are reckoned. Beyond them only weekends count.
const firstYear, lastYear = 2021, 2120

func readDays(raw []byte) (map[int]Day, error) {
	var table dayTable
	if err := json.Unmarshal(raw, &table); err != nil {
		return nil, fmt.Errorf("days: %w", err)
	}
	days := map[int]Day{}
	for year := firstYear; year <= lastYear; year++ {
		if _, known := table.Published[strconv.Itoa(year)]; !known {
			table.reckon(days, year)
		}
	}
	for year, list := range table.Published {
		for _, entry := range list {
			d, err := parseDate(entry.Date)
			if err != nil || strconv.Itoa(d.year) != year {
				return nil, fmt.Errorf("days: %s is no date of %s", entry.Date, year)
			}
			source, ok := table.Sources[entry.Source]
			if !ok {
				return nil, fmt.Errorf("days: %s: no source %q", entry.Date, entry.Source)
			}
			days[d.number()] = Day{Date: entry.Date, Working: entry.Work, NameVi: entry.NameVi, NameEn: entry.NameEn, Source: source}
		}
	}
	return days, nil
}

// reckon puts the days off of a year into days by the law alone. What the
// Government decides each year (which two days of Tết lie before it, which days
// are exchanged) is not known, so every one of them is marked Inferred.
func (table dayTable) reckon(days map[int]Day, year int) {
	inferred := func(s Source) Source { return Source{Citation: s.Citation, Mark: Inferred} }
	var owed []date // Holidays that fell on a weekend.
	for _, h := range table.Holidays {
		if year < h.FromYear {
			continue
		}
		for _, d := range h.dates(year) {
			days[d.number()] = Day{Date: d.String(), NameVi: h.NameVi, NameEn: h.NameEn, Source: inferred(h.Source)}
			if weekend(d) {
				owed = append(owed, d)
			}
		}
	}
	slices.SortFunc(owed, func(a, b date) int { return a.number() - b.number() })
	for _, d := range owed {
		for d = d.add(1); weekend(d) || days[d.number()].Date != ""; {
			d = d.add(1)
		}
		days[d.number()] = Day{Date: d.String(), NameVi: table.InLieuVi, NameEn: table.InLieuEn, Source: inferred(table.InLieuSource)}
	}
}

func (h holiday) dates(year int) []date {
	middle := date{year, time.Month(h.Month), h.Day}
	if h.Calendar == "lunar" {
		middle = fromLunar(year, h.Month, h.Day)
	}
	before, after := h.Before, h.After
	if h.Neighbour {
		// The neighbour that makes the longer holiday; an employer would choose so.
		switch middle.weekday() {
		case time.Thursday, time.Sunday, time.Monday:
			after++
		default:
			before++
		}
	}
	var all []date
	for i := -before; i <= after; i++ {
		all = append(all, middle.add(i))
	}
	return all
}

func weekend(d date) bool { return d.weekday() == time.Saturday || d.weekday() == time.Sunday }
